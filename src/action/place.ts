/**
 * Whether the hook runs where the guard will take its orders.
 *
 * @module
 */

import { readFileSync, readlinkSync } from "node:fs";
import { getuid, ppid } from "node:process";
import { RUNNER_CGROUP, RUNNER_WORKER } from "../github/runner_defaults.ts";

/**
 * The guard takes orders from this action's steps alone, told by the runner's worker above them. Where that is not
 * found it takes root's, which only sudo can give.
 *
 * @param repository GITHUB_ACTION_REPOSITORY
 * @param allowSudo sudo stays
 * @returns why nobody could end the guard, undefined if somebody can
 */
export function unreachable(repository: string, allowSudo: boolean): string | undefined {
  if (repository === "") {
    return "this action is used from the job's own checkout (`uses: ./`), so the runner does not say whose " +
      "steps may give the guard orders; use it as `OWNER/egress@REF`";
  }
  if (underWorker() || allowSudo || getuid?.() === 0) return undefined;
  return `the runner's worker is not ${RUNNER_WORKER} in ${RUNNER_CGROUP}, so only root could end the guard; ` +
    "keep sudo with `allow-sudo: true`";
}

/** As the kernel role looks for it: some way up. */
function underWorker(): boolean {
  for (let pid = ppid; pid > 1; pid = parentOf(pid)) {
    if (isWorker(pid)) return true;
  }
  return false;
}

function isWorker(pid: number): boolean {
  try {
    const [, cgroup = ""] = /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8")) ?? [];
    return readlinkSync(`/proc/${pid}/exe`) === RUNNER_WORKER &&
      (cgroup === RUNNER_CGROUP || cgroup.startsWith(`${RUNNER_CGROUP}/`));
  } catch {
    // Another user's process: no worker of this job.
    return false;
  }
}

/** @returns 0 if the process is gone */
function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    // It ended: nothing above it can be told.
    return 0;
  }
}
