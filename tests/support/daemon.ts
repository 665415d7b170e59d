/**
 * Real servers beside those of a little internet, in its servers' network namespace.
 *
 * @module
 */

import type { Internet } from "../../src/demo/internet.ts";

/** A server program under way. */
export class Daemon implements AsyncDisposable {
  private constructor(readonly child: Deno.ChildProcess, readonly output: Promise<string>) {}

  /**
   * Starts a program that stays in the foreground.
   *
   * @param ready what it prints once it serves
   * @throws {Error} with its output, if it ends before
   */
  static async start(internet: Internet, command: string[], ready: RegExp): Promise<Daemon> {
    const child = new Deno.Command("nsenter", {
      args: [
        `--net=/run/netns/${internet.servers}`,
        ...["sh", "-c", 'exec "$@" 2>&1', "sh", ...command],
      ],
      stdout: "piped",
    }).spawn();
    const serving = Promise.withResolvers<void>();
    const output = (async () => {
      let text = "";
      for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
        text += part;
        if (ready.test(text)) serving.resolve();
      }
      serving.reject(new Error(`${command[0]} ended: ${text}`));
      return text;
    })();
    await serving.promise;
    return new Daemon(child, output);
  }

  /** Ends it, and waits for what it had started. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGTERM");
    await this.child.status;
    await this.output;
  }
}
