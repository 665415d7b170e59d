/**
 * Files through which a hook tells the runner outputs, state, environment and the summary.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";
import { env } from "node:process";

/** The variables that name them. */
export type RunnerFile =
  | "GITHUB_OUTPUT"
  | "GITHUB_STATE"
  | "GITHUB_ENV"
  | "GITHUB_STEP_SUMMARY";

/**
 * One `NAME<<DELIMITER` entry.
 *
 * @param delimiter stands nowhere in the value
 */
export function formatEntry(name: string, value: string, delimiter: string): string {
  if (value.includes(delimiter) || name.includes(delimiter)) {
    throw new Error("the delimiter stands in the value");
  }
  return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
}

/** Tells the runner values. @throws {Error} if the file cannot be written */
export function tell(
  file: Exclude<RunnerFile, "GITHUB_STEP_SUMMARY">,
  values: Record<string, string>,
): void {
  // Drawn anew each time: no value can hold it.
  const text = Object.entries(values)
    .map(([name, value]) => formatEntry(name, value, `egress_${randomUUID()}`));
  append(file, text.join(""));
}

/** Adds Markdown to the job's page. @throws {Error} if the file cannot be written */
export function tellSummary(markdown: string): void {
  append("GITHUB_STEP_SUMMARY", markdown);
}

function append(file: RunnerFile, text: string): void {
  const path = env[file];
  if (!path) throw new Error(`${file} is not set: the hooks are started by a GitHub runner`);
  appendFileSync(path, text);
}
