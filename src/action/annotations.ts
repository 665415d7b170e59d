/**
 * Annotations for what was blocked, on the step's line of the workflow where it is known. Pure.
 *
 * @module
 */

import type { SummaryEntry } from "../protocol/mod.ts";
import { type Annotation, withoutControls } from "./commands.ts";

/** The workflow file of the job, as far as it is known. */
export interface WorkflowLines {
  /** Path from the repository's root. */
  file: string;
  /** Lines by the steps' names (GITHUB_ACTION). */
  lines: ReadonlyMap<string, number>;
}

/** GitHub shows ten of a kind for a step. */
const MAX = 10;

/** How they are shown. */
export interface AnnotationOptions {
  audit: boolean;
  failOnBlock: boolean;
  workflow?: WorkflowLines;
}

/** Makes one annotation for each blocked destination; the last one tells of those that there is no room for. */
export function blockAnnotations(
  blocked: SummaryEntry[],
  options: AnnotationOptions,
): Annotation[] {
  const level = options.failOnBlock ? "error" : "warning";
  const room = blocked.length > MAX ? MAX - 1 : MAX;
  const shown: Annotation[] = blocked.slice(0, room).map((entry) => ({
    level,
    title: options.audit ? "egress would block" : "egress blocked",
    message: messageOf(entry),
    ...placeOf(entry.step, options.workflow),
  }));
  if (blocked.length > room) {
    const message = `... and ${blocked.length - room} more destinations: see the summary`;
    shown.push({ level, title: "egress", message });
  }
  return shown;
}

function messageOf({ destination, count, exe, step, reason, hint }: SummaryEntry): string {
  const times = count === 1 ? "" : ` (${count} times)`;
  const first = `${destination}${times} by ${exe ?? "an unknown process"}` +
    (step === undefined ? "" : ` in step ${step}`) +
    (reason === undefined ? "" : `: ${reason}`);
  const lines = hint === undefined ? [first] : [first, `To allow: ${hint}`];
  return lines.map((line) => withoutControls(line).slice(0, 1000)).join("\n");
}

function placeOf(
  step: string | undefined,
  workflow: WorkflowLines | undefined,
): Pick<Annotation, "file" | "line"> {
  const line = step === undefined ? undefined : workflow?.lines.get(step);
  return workflow === undefined || line === undefined ? {} : { file: workflow.file, line };
}
