/**
 * Clears away what runs left whose supervisor was killed. Until then they are closed: their gate is pinned.
 *
 * @module
 */

import type { KernelRelease } from "../protocol/mod.ts";
import { FIND_NETNS, KILL_CGROUP, REMOVE, RULES_OUT, STALE } from "./scripts.ts";
import { sh } from "./shell.ts";

/** What a later egress must know of a run to clear it away; kept in `private/run.json`. */
export interface RunRecord {
  id: string;
  state: string;
  /** cgroup folder, as mounted. */
  cgroupDir: string;
  /** Inode of the network namespace. */
  netns: string;
  /** Of a machine's guard: what releasing its gate needs, since its scope's cgroup stays. */
  release?: Omit<KernelRelease, "role" | "object" | "release">;
}

/**
 * Takes a run apart: processes first, then rules, then the gate, then files, so that it is never open.
 *
 * @param inOwnNetns the caller is in the run's network namespace
 * @returns what could not be done, in words
 */
export async function takeApart(record: RunRecord, inOwnNetns: boolean): Promise<string[]> {
  const problems: string[] = [];
  const note = (what: string, result: { code: number; stderr: string }) => {
    if (result.code !== 0) problems.push(`${what}: ${result.stderr.trim() || result.code}`);
  };
  const netns = inOwnNetns ? "" : (await sh(FIND_NETNS, { args: [record.netns] })).stdout.trim();
  if (record.cgroupDir) {
    for (const part of ["scope", "roles"]) {
      note(`ending ${part}`, await sh(KILL_CGROUP, { args: [`${record.cgroupDir}/${part}`] }));
    }
  }
  if (inOwnNetns) {
    note("rules", await sh(RULES_OUT, { args: [record.id] }));
  } else if (netns) {
    // Without its last process the namespace may be gone by now, and its rules with it.
    const enter = `[ -e "$2" ] || exit 0; exec nsenter --net="$2" /bin/sh -c "$3" egress "$1"`;
    note("rules", await sh(enter, { args: [record.id, netns, RULES_OUT] }));
  }
  note("files", await sh(REMOVE, { args: [record.state, record.cgroupDir] }));
  return problems;
}

/**
 * Takes apart every run whose supervisor is gone.
 *
 * @returns ids taken apart, and what went wrong
 */
export async function clearStale(
  ownNetns: string,
): Promise<{ cleared: string[]; problems: string[] }> {
  const ids = (await sh(STALE)).stdout.split("\n").filter((id) => /^[0-9a-f]{8}$/.test(id));
  const problems: string[] = [];
  for (const id of ids) {
    const record = readRecord(id);
    problems.push(...await takeApart(record, record.netns === ownNetns));
  }
  return { cleared: ids, problems };
}

/** The record of a run; bare if it was killed before it wrote one. */
export function readRecord(id: string): RunRecord {
  const state = `/run/egress/${id}`;
  const bare = { id, state, cgroupDir: "", netns: "" };
  try {
    const saved: unknown = JSON.parse(Deno.readTextFileSync(`${state}/private/run.json`));
    return { ...bare, ...(saved as Partial<RunRecord>), id, state };
  } catch (error) {
    // Killed before it wrote the record: then it had nothing but its folder.
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return bare;
    throw error;
  }
}
