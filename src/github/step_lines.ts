/**
 * Where the steps of a job stand in its workflow file, by the names that the runner gives them.
 *
 * @module
 */

import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from "yaml";
import { MAX_WORKFLOW } from "./workflow.ts";
import { withoutEnv } from "./no_env.ts";

/**
 * Finds lines (from 1) by GITHUB_ACTION: the step's id, or what the runner makes up where there is none (`__run`,
 * `__run_2`, `__actions_checkout`, `__self` for a local action).
 *
 * @param text the workflow file
 * @param job its id
 * @returns empty if the file has no such job, or cannot be read
 */
export function stepLines(text: string, job: string): Map<string, number> {
  const found = new Map<string, number>();
  if (text.length > MAX_WORKFLOW) return found;
  const lineCounter = new LineCounter();
  const options = { lineCounter, prettyErrors: false, logLevel: "silent" } as const;
  const doc = withoutEnv(() => parseDocument(text, options));
  const steps = doc.errors.length > 0 ? undefined : doc.getIn(["jobs", job, "steps"]);
  if (!isSeq(steps)) return found;
  for (const step of steps.items) {
    if (!isMap(step)) continue;
    const line = lineCounter.linePos((step as Node).range?.[0] ?? 0).line;
    found.set(unique(nameOf(step), found), line);
  }
  return found;
}

function nameOf(step: YAMLMap): string {
  const id = textOf(step, "id");
  if (id !== undefined) return id;
  const uses = textOf(step, "uses");
  if (uses === undefined) return "__run";
  if (uses.startsWith("./")) return "__self";
  const name = uses.replace(/^docker:\/\//, "").split("@")[0]!;
  return `__${name.replace(/[^A-Za-z0-9_-]/g, "_")}`;
}

function unique(name: string, taken: ReadonlyMap<string, number>): string {
  let candidate = name;
  for (let i = 2; taken.has(candidate); i++) candidate = `${name}_${i}`;
  return candidate;
}

function textOf(step: YAMLMap, key: string): string | undefined {
  const value = step.get(key, true);
  return isScalar(value) && typeof value.value === "string" ? value.value : undefined;
}
