/**
 * The policy's text, from the input or from the commit that the workflow runs for. Never from a checkout: when the
 * guard starts there is none, and what a step leaves in one is nobody's promise.
 *
 * @module
 */

import { HookError, reasonOf } from "./errors.ts";
import type { PolicySource } from "./inputs.ts";
import { readFromCommit } from "./repository.ts";

/**
 * Reads the policy.
 *
 * @param env the hook's environment
 * @param token may read the repository's contents; empty: none
 * @throws {HookError} if the file cannot be had
 */
export async function readPolicy(
  source: PolicySource,
  env: Record<string, string | undefined>,
  token: string,
): Promise<string> {
  if (source.from === "none") return "";
  if (source.from === "text") return source.text;
  try {
    return await readFromCommit(source.path, env["GITHUB_SHA"] ?? "", env, token);
  } catch (error) {
    throw new HookError(
      `\`policy-file\`: cannot read ${source.path} of commit ${env["GITHUB_SHA"]}: ${
        reasonOf(error)
      }`,
      undefined,
      { cause: error },
    );
  }
}
