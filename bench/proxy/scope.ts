/**
 * A shell inside `egress run` that takes one script after the other, so that the rounds of a benchmark meet the
 * same run.
 *
 * @module
 */

import { weigh, type Weight } from "./processes.ts";
import { quoted, type World } from "./world.ts";

const root = new URL("../..", import.meta.url).pathname;
/** The roles of a run and its supervisor, by their command lines. */
const ROLES = "(cli|kernel|engine|proxy)\\.js|src/(kernel|engine|proxy)/main\\.ts";

/** A running scope. */
export class Scope {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #rest = "";
  #count = 0;

  private constructor(readonly child: Deno.ChildProcess, readonly folder: string) {
    this.#writer = child.stdin.getWriter();
    this.#lines = child.stdout.pipeThrough(
      new TextDecoderStream() as TransformStream<Uint8Array, string>,
    ).getReader();
  }

  /**
   * Starts a run.
   *
   * @param rule its policy
   * @param log its log file
   */
  static async start(world: World, rule: string, log: string): Promise<Scope> {
    const child = world.inside([
      ...[`${root}egress`, "run", "--policy-text", rule, "--upstream-ca", world.authority],
      ...["--log", log, "--", "/bin/sh"],
    ], { stdin: "piped", stdout: "piped" });
    const scope = new Scope(child, world.folder);
    await scope.run("true");
    return scope;
  }

  /**
   * Runs a script inside the scope and returns what it printed.
   *
   * @throws {Error} if it fails, or the run has ended
   */
  async run(script: string): Promise<string> {
    const mark = `done-${this.#count++}:`;
    const out = `${this.folder}/out-${crypto.randomUUID()}`;
    const line =
      `(ulimit -n $(ulimit -Hn); exec timeout 120 /bin/sh -c ${
        quoted(script)
      }) >${out} 2>&1 </dev/null; ` +
      `echo ${mark}$?\n`;
    await this.#writer.write(new TextEncoder().encode(line));
    const status = await this.#until(mark);
    const text = await Deno.readTextFile(out);
    await Deno.remove(out);
    if (status !== "0") throw new Error(`${script}\n${text}`);
    return text;
  }

  /** What all roles have used. */
  weigh(): Promise<Weight> {
    return weigh(this.child.pid, ROLES);
  }

  /** Ends the run. */
  async close(): Promise<void> {
    await this.#writer.close();
    await this.child.status;
  }

  async #until(mark: string): Promise<string> {
    for (;;) {
      const at = this.#rest.indexOf(mark);
      const end = this.#rest.indexOf("\n", at);
      if (at >= 0 && end >= 0) {
        const status = this.#rest.slice(at + mark.length, end);
        this.#rest = this.#rest.slice(end + 1);
        return status;
      }
      const { value, done } = await this.#lines.read();
      if (done) throw new Error("egress run has ended");
      this.#rest += value;
    }
  }
}
