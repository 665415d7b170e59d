/**
 * Follows sudo's log file and logs what it says.
 *
 * @module
 */

import type { LogEvent } from "../../protocol/mod.ts";
import { AppendedText } from "./appended.ts";
import { sudoEvent, SudoLog } from "./sudo_log.ts";

/** ms between looks. */
const PERIOD = 250;

/** A look at the file now and then. */
export class SudoWatch {
  readonly #file: AppendedText;
  readonly #write: (event: LogEvent) => void;
  readonly #log = new SudoLog();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(path: string, write: (event: LogEvent) => void) {
    this.#file = new AppendedText(path);
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
    const text = this.#file.next();
    this.#tell(text === "" ? this.#log.flush() : this.#log.push(text));
  }

  #tell(entries: string[]): void {
    for (const entry of entries) {
      const event = sudoEvent(entry, new Date());
      if (event) this.#write(event);
    }
  }
}
