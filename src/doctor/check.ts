/**
 * What one look at the machine comes to.
 *
 * @module
 */

/** ok; limited: egress runs, with less; missing: what is named cannot be had as it is. */
export type Status = "ok" | "limited" | "missing";

/** One row of the table. */
export interface Check {
  name: string;
  status: Status;
  /** Without it egress cannot run. */
  required: boolean;
  /** What is there, in a few words. */
  found: string;
  /** What to do; absent when all is well. */
  todo?: string;
}

/** A row in which all is well. */
export function ok(name: string, found: string, required = true): Check {
  return { name, status: "ok", required, found };
}

/** A row in which something is not. */
export function lacks(
  name: string,
  status: "limited" | "missing",
  found: string,
  todo: string,
  required = status === "missing",
): Check {
  return { name, status, required, found, todo };
}

/** Whether egress can run: nothing is missing that it needs. */
export function canRun(checks: readonly Check[]): boolean {
  return !checks.some(({ status, required }) => status === "missing" && required);
}
