/**
 * A wall clock that jumps, for processes that are started with {@link FakeClock.env}. The clocks that only ever
 * go forward stay true, as they do on a machine whose time is set.
 *
 * @module
 */

import { tool } from "../../src/demo/command.ts";

/** One clock, any number of processes. */
export class FakeClock implements Disposable {
  private constructor(readonly file: string, readonly library: string) {}

  static async create(): Promise<FakeClock> {
    const script = "ls /usr/lib/*/faketime/libfaketimeMT.so.1 | head -n 1";
    const library = (await tool(["sh", "-c", script])).trim();
    if (library === "") throw new Error("no libfaketime; to fix it: apt-get install faketime");
    const clock = new FakeClock(await Deno.makeTempFile({ prefix: "egress-clock-" }), library);
    clock.set(0);
    return clock;
  }

  /** Sets it. @param seconds from the true time */
  set(seconds: number): void {
    // Renamed, so that nobody reads half of it.
    Deno.writeTextFileSync(`${this.file}.new`, `${seconds < 0 ? "" : "+"}${seconds}\n`);
    Deno.renameSync(`${this.file}.new`, this.file);
  }

  get env(): Record<string, string> {
    return {
      LD_PRELOAD: this.library,
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.file);
  }
}
