/**
 * Takes memory away from processes that run.
 *
 * @module
 */

import { tool } from "../../src/demo/command.ts";

/** Bytes that they may still take, all together. */
const LEFT = 1024 * 1024;

/**
 * A memory cgroup around processes, of the hierarchy that has the memory controller. With cgroup v1 that is one
 * of its own, and the processes stay in their cgroup v2. With v2 alone they would have to leave it: there the
 * limit is one of each process's data instead.
 */
export class MemoryLimit implements AsyncDisposable {
  private constructor(readonly folder: string | undefined) {}

  /** What a process has already counts for its old cgroup: the limit is for what it takes from now on. */
  static async on(pids: number[]): Promise<MemoryLimit> {
    const script = `
      root=$(sed -n 's/^[^ ]* [^ ]* [^ ]* [^ ]* \\([^ ]*\\) .* - cgroup [^ ]* .*\\bmemory\\b.*/\\1/p' /proc/self/mountinfo)
      if [ -n "$root" ]; then
        folder=$root/egress-test-$1
        mkdir "$folder"
        echo ${LEFT} >"$folder/memory.limit_in_bytes"
        shift
        for pid; do echo "$pid" >"$folder/cgroup.procs"; done
        echo "$folder"
      else
        shift
        for pid; do
          data=$(awk '/^VmData/ { print $2 * 1024 }' "/proc/$pid/status")
          prlimit --pid "$pid" --data=$((data + ${LEFT}))
        done
      fi`;
    const id = crypto.randomUUID();
    const folder = (await tool(["sh", "-euc", script, "sh", id, ...pids.map(String)])).trim();
    return new MemoryLimit(folder === "" ? undefined : folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.folder === undefined) return;
    // Whoever is left goes back to where all others are.
    const script =
      'for pid in $(cat "$1/cgroup.procs"); do echo "$pid" >"${1%/*}/cgroup.procs"; done; ' +
      'until rmdir "$1" 2>/dev/null; do sleep 0.05; done';
    await tool(["sh", "-c", script, "sh", this.folder]);
  }
}
