/**
 * A GitHub runner's worker in a test's world: a process whose children are steps.
 *
 * @module
 */

import { Inbox, readJsonLines } from "./kernel_lines.ts";
import { PYTHON, sh, type World } from "./kernel_world.ts";

const WORKER = new URL("./fake_worker.py", import.meta.url).pathname;
const CLIENT = new URL("./control_client.py", import.meta.url).pathname;

/** How the process that asks comes to be; see control_client.py. */
export type How = "plain" | "daemon" | "reexec" | "sibling" | "orphan";

/** The environment of a step of this action. */
export function stepOf(repository: string): Record<string, string> {
  return { GITHUB_ACTION: "__step", GITHUB_ACTION_REPOSITORY: repository };
}

/** Arguments that ask the control socket. */
export function asking(socket: string, how: How, line: string): string[] {
  return [PYTHON, CLIENT, socket, how, line];
}

/** The worker, running. */
export class FakeRunner {
  /** What it and its steps print. */
  readonly lines = new Inbox<Record<string, unknown>>();
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  private constructor(readonly exe: string, readonly pid: number, child: Deno.ChildProcess) {
    this.#input = child.stdin.getWriter();
  }

  /** @param program the path to start, if it is not the worker's own */
  static async start(world: World, program?: string): Promise<FakeRunner> {
    const exe = `${world.folder}/bin/Runner.Worker`;
    await sh(`mkdir -p ${world.folder}/bin; cp "$(readlink -f ${PYTHON})" ${exe}`);
    const child = world.spawn("env", "PYTHONHOME=/usr", program ?? exe, WORKER);
    const runner = new FakeRunner(exe, child.pid, child);
    const done = Promise.all([readJsonLines(child.stdout, runner.lines), child.stderr.cancel()]);
    world.onEnd(async () => {
      await runner.#input.close();
      await child.status;
      await done;
    });
    await runner.lines.take((line) => line.started !== undefined);
    return runner;
  }

  /** Where the kernel role looks for it. */
  place(world: World): { exe: string; cgroup: string } {
    return { exe: this.exe, cgroup: world.scopePath };
  }

  /**
   * Starts a step: as a JavaScript action if its environment names one, unless it only `claims` to be one; the
   * action's own process `stays` or becomes what is asked for.
   *
   * @returns its process id
   */
  async step(
    argv: string[],
    env: Record<string, string>,
    pid?: number,
    how: { claims?: boolean; stays?: boolean } = {},
  ): Promise<number> {
    const order = JSON.stringify({ argv, env, ...how, ...(pid !== undefined && { pid }) });
    await this.#input.write(new TextEncoder().encode(order + "\n"));
    const { started } = await this.lines.take((line) => line.started !== undefined);
    return started as number;
  }

  /** Starts a step that asks the control socket. @returns the answer */
  async ask(
    socket: string,
    env: Record<string, string>,
    line = '{"op":"status"}',
    how: How = "plain",
  ): Promise<Record<string, unknown>> {
    await this.step(asking(socket, how, line), env);
    return await this.answer();
  }

  /** The next answer that a client prints. */
  async answer(): Promise<Record<string, unknown>> {
    const { answer } = await this.lines.take((line) => line.answer !== undefined);
    return answer as Record<string, unknown>;
  }
}
