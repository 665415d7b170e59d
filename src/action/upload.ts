/**
 * The log as an artifact of the workflow run.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import { NameTaken, type Results, uploadArtifact } from "./artifact.ts";

/** Name of the artifact. */
export const ARTIFACT = "egress-connections";
const FILE = "connections.jsonl";

/**
 * Uploads the log. Jobs of a run share its artifacts: a second one's log gets the job's name and a random part.
 *
 * @param env the hook's environment
 * @returns the artifact's name
 * @throws {Error} if it could not be uploaded
 */
export async function uploadLog(
  content: Uint8Array,
  env: Record<string, string | undefined>,
): Promise<string> {
  const { ACTIONS_RESULTS_URL: url, ACTIONS_RUNTIME_TOKEN: token } = env;
  if (!url || !token) throw new Error("the runner names no service for artifacts");
  const results: Results = { url, token };
  const file = { name: FILE, content };
  try {
    await uploadArtifact(results, ARTIFACT, file);
    return ARTIFACT;
  } catch (error) {
    if (!(error instanceof NameTaken)) throw error;
    const job = (env["GITHUB_JOB"] ?? "job").replace(/[^A-Za-z0-9_-]/g, "_");
    const name = `${ARTIFACT}-${job}-${randomUUID().slice(0, 8)}`;
    await uploadArtifact(results, name, file);
    return name;
  }
}
