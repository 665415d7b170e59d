/**
 * Follows sudo's log file and logs what it says.
 *
 * @module
 */

import type { LogEvent } from "../../protocol/mod.ts";
import { sudoEvent, SudoLog } from "./sudo_log.ts";

/** ms between looks. */
const PERIOD = 250;

/** A look at the file now and then. */
export class SudoWatch {
  readonly #path: string;
  readonly #write: (event: LogEvent) => void;
  readonly #log = new SudoLog();
  readonly #decoder = new TextDecoder();
  readonly #timer: ReturnType<typeof setInterval>;
  #at = 0;

  constructor(path: string, write: (event: LogEvent) => void) {
    this.#path = path;
    this.#write = write;
    this.#timer = setInterval(() => this.#look(), PERIOD);
  }

  /** Looks for the last time. */
  close(): void {
    clearInterval(this.#timer);
    this.#look();
    this.#tell(this.#log.flush());
  }

  #look(): void {
    const text = this.#appended();
    this.#tell(text === "" ? this.#log.flush() : this.#log.push(text));
  }

  #appended(): string {
    try {
      using file = Deno.openSync(this.#path);
      // Emptied by somebody: what is there now is new.
      if (file.statSync().size < this.#at) this.#at = 0;
      file.seekSync(this.#at, Deno.SeekMode.Start);
      const bytes = new Uint8Array(65536);
      const size = file.readSync(bytes) ?? 0;
      this.#at += size;
      return this.#decoder.decode(bytes.subarray(0, size), { stream: true });
    } catch (error) {
      // No sudo on this machine, or its log was removed: nothing to tell.
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    }
  }

  #tell(entries: string[]): void {
    for (const entry of entries) {
      const event = sudoEvent(entry, new Date());
      if (event) this.#write(event);
    }
  }
}
