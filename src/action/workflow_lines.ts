/**
 * Finds the lines of the job's steps in the workflow file of the commit that it runs for.
 *
 * @module
 */

import { stepLines } from "../github/step_lines.ts";
import type { WorkflowLines } from "./annotations.ts";
import { reasonOf } from "./errors.ts";
import { say } from "./hook.ts";
import { readFromCommit } from "./repository.ts";

/**
 * Reads the workflow through GitHub's API: what stands in the checkout by now is the steps' word.
 *
 * @param env the hook's environment
 * @param token may read the repository's contents
 * @returns undefined if it cannot be had: annotations then have no place
 */
export async function workflowLines(
  env: Record<string, string | undefined>,
  token: string,
): Promise<WorkflowLines | undefined> {
  const { GITHUB_REPOSITORY: repository = "", GITHUB_WORKFLOW_REF: ref = "" } = env;
  const prefix = `${repository}/`;
  if (repository === "" || !ref.startsWith(prefix)) return undefined;
  const file = ref.slice(prefix.length).split("@")[0]!;
  try {
    const text = await readFromCommit(file, env["GITHUB_WORKFLOW_SHA"] ?? "", env, token);
    return { file, lines: stepLines(text, env["GITHUB_JOB"] ?? "") };
  } catch (error) {
    say(`egress: ${file} cannot be read, so annotations name no line: ${reasonOf(error)}`);
    return undefined;
  }
}
