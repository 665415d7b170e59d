/**
 * A shell inside a run, to which a test gives one command after the other.
 *
 * @module
 */

import type { Finished, Running, RunOptions } from "./run.ts";
import type { Scene } from "./suite.ts";
import { introduced, who } from "./who.ts";

/** The shell; it ends with the test at the latest. */
export class Shell implements AsyncDisposable {
  #count = 0;
  #ended = false;

  private constructor(
    readonly running: Running,
    /** Id of the run. */
    readonly run: string,
    readonly fifo: string,
    readonly folder: string,
  ) {}

  /** Path of the run's log. */
  get logFile(): string {
    return this.running.logFile;
  }

  /** Starts a run whose command is the shell. */
  static async start(scene: Scene, options: Omit<RunOptions, "command">): Promise<Shell> {
    const fifo = `${scene.folder}/commands`;
    // Read and written by the shell itself, so that it never sees an end.
    const script = `mkfifo ${fifo}; exec 3<>${fifo}; echo ready; ` +
      `while read -r line <&3; do eval "$line"; done`;
    const running = await scene.start({ ...options, command: introduced(["bash", "-c", script]) });
    const { run } = who(await running.said(/ready\n/));
    return new Shell(running, run, fifo, scene.folder);
  }

  /**
   * Runs one line and waits for its end.
   *
   * @returns what it wrote to stdout, trimmed
   */
  async do(line: string): Promise<string> {
    const n = this.#count++;
    const out = `${this.folder}/out${n}`;
    const file = `${this.folder}/command${n}`;
    await Deno.writeTextFile(file, `${line}\n`);
    await this.#tell(`. ${file} >${out}; echo "done ${n}."\n`);
    await this.running.said(new RegExp(`^done ${n}\\.$`, "m"));
    return (await Deno.readTextFile(out)).trim();
  }

  /** Lets the shell end, and waits for the run's end. */
  async end(): Promise<Finished> {
    if (!this.#ended) await this.#tell("break\n");
    this.#ended = true;
    return await this.running.finished;
  }

  /** Opened both ways, so that a shell that is gone does not keep the writer waiting for a reader. */
  async #tell(line: string): Promise<void> {
    using fifo = await Deno.open(this.fifo, { read: true, write: true });
    await fifo.write(new TextEncoder().encode(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}
