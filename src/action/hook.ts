/**
 * The frame of every hook: prints, and fails the job when its work fails.
 *
 * @module
 */

import process from "node:process";
import { type Annotation, formatAnnotation, plainLine } from "./commands.ts";
import { HookError } from "./errors.ts";

/** Prints one line that the runner takes for nothing but text. */
export function say(text: string): void {
  console.log(plainLine(text));
}

/** Shows annotations. */
export function annotate(annotations: Iterable<Annotation>): void {
  for (const annotation of annotations) console.log(formatAnnotation(annotation));
}

/** Makes the step, and so the job, fail. What is under way goes on. */
export function fail(...annotations: Annotation[]): void {
  annotate(annotations);
  process.exitCode = 1;
}

/** Runs a hook. Nothing that it throws leaves the job as if all were well. */
export async function runHook(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof HookError) {
      fail(...(error.annotations ?? [{ level: "error", title: "egress", message: error.message }]));
      return;
    }
    const message = error instanceof Error ? error.stack ?? error.message : String(error);
    fail({ level: "error", title: "egress", message: `a defect in egress: ${message}` });
  }
}
