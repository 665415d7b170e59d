/**
 * Verdicts that the kernel role makes up itself, and the check of those that it gets.
 *
 * @module
 */

import type { DenyReason, Verdict } from "../../protocol/mod.ts";

/** A denial that no rule had a part in. */
export function denied(reason: DenyReason): Verdict {
  return {
    policy: "deny",
    pass: false,
    reason,
    passthrough: false,
    insecure: false,
    hold: "request",
    destination: "none",
  };
}

/** Whether an answer of the engine has what a verdict needs. */
export function isVerdict(body: unknown): body is Verdict {
  if (typeof body !== "object" || body === null) return false;
  const { policy, pass } = body as Partial<Record<keyof Verdict, unknown>>;
  return (policy === "allow" || policy === "deny") && typeof pass === "boolean";
}
