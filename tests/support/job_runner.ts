/**
 * A GitHub runner's worker on a guarded machine: at its real path and in its real cgroup.
 *
 * @module
 */

import { Inbox, readJsonLines } from "./kernel_lines.ts";
import type { Machine } from "./machine.ts";

/** Where a hosted runner has its worker. */
export const WORKER = "/home/runner/actions-runner/cached/bin/Runner.Worker";
const SCRIPT = new URL("./fake_worker.py", import.meta.url).pathname;

/** Longest step, ms: one that starts a guard on a busy machine takes half a minute. */
const PATIENCE_MS = 240_000;

/** Runner.Worker, in the runner's cgroup; each step's end is told with its status and output. */
export class JobRunner {
  readonly #lines = new Inbox<Record<string, unknown>>(PATIENCE_MS);
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  constructor(child: Deno.ChildProcess) {
    this.#input = child.stdin.getWriter();
    readJsonLines(child.stdout, this.#lines);
    child.stderr.cancel();
  }

  /** @param user id that worker and steps run with; the machine knows it */
  static async start(machine: Machine, user = 0): Promise<JobRunner> {
    const child = machine.spawn([
      "bash",
      "-c",
      `set -e
       mkdir -p ${WORKER.slice(0, WORKER.lastIndexOf("/"))}
       cp "$(readlink -f /usr/bin/python3)" ${WORKER}
       base=${WORKER.slice(0, WORKER.indexOf("/bin/"))}
       mkdir -p "$base/externals/node24/bin" "$base/_actions"
       cp /bin/bash "$base/externals/node24/bin/node"
       chmod 777 "$base/_actions"
       root=$(sed -n 's/^[^ ]* [^ ]* [^ ]* \\/ \\([^ ]*\\) .* - cgroup2 .*/\\1/p' /proc/self/mountinfo)
       mkdir -p "$root/system.slice/hosted-compute-agent.service"
       echo $$ > "$root/system.slice/hosted-compute-agent.service/cgroup.procs"
       export PYTHONHOME=/usr
       exec setpriv --reuid ${user} --regid ${user} --clear-groups -- ${WORKER} ${SCRIPT}`,
    ], "piped");
    const runner = new JobRunner(child);
    await runner.#lines.take((line) => line.started !== undefined);
    return runner;
  }

  /** Runs a step to its end. */
  async step(
    env: Record<string, string>,
    script: string,
  ): Promise<{ code: number; output: string }> {
    const tell = `out=$(bash -c "$1" 2>&1); code=$?
      python3 -c 'import json, sys; print(json.dumps({"ended": int(sys.argv[1]), "output": sys.argv[2]}), flush=True)' $code "$out"`;
    const order = {
      argv: ["bash", "-c", tell, "step", script],
      stays: true,
      env: {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        HOME: "/root",
        ...env,
      },
    };
    await this.#input.write(new TextEncoder().encode(JSON.stringify(order) + "\n"));
    await this.#lines.take((line) => line.started !== undefined);
    const { ended, output } = await this.#lines.take((line) => line.ended !== undefined);
    return { code: ended as number, output: output as string };
  }

  async close(): Promise<void> {
    await this.#input.close();
  }
}
