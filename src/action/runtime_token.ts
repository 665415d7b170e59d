/**
 * What the results service must be told of the job: it is in the runtime token. Pure.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** Names of the run and of the job, as requests carry them. */
export interface BackendIds {
  workflow_run_backend_id: string;
  workflow_job_run_backend_id: string;
}

/**
 * Reads the scope `Actions.Results:RUN:JOB` of the token (a JWT, RFC 7519). The service verifies it, not we.
 *
 * @throws {Error} if the token has no such scope
 */
export function backendIds(token: string): BackendIds {
  for (const scope of scopesOf(token)) {
    const [kind, run, job, ...rest] = scope.split(":");
    if (kind !== "Actions.Results" || !run || !job || rest.length > 0) continue;
    return { workflow_run_backend_id: run, workflow_job_run_backend_id: job };
  }
  throw new Error("ACTIONS_RUNTIME_TOKEN does not name the run and the job");
}

function scopesOf(token: string): string[] {
  try {
    const payload = Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8");
    const claims: unknown = JSON.parse(payload);
    const scp = typeof claims === "object" && claims !== null && "scp" in claims ? claims.scp : "";
    return typeof scp === "string" ? scp.split(" ") : [];
  } catch {
    // No JWT: the caller says so.
    return [];
  }
}
