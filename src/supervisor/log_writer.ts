/**
 * The log's only writer: sealed lines, appended, in the order they came.
 *
 * What cannot be written is kept and tried again; meanwhile `onFailure` closes the machine, so that nothing
 * passes unlogged.
 *
 * @module
 */

/** Where lines go. */
export interface LogSink {
  /** Writes some of `bytes` and returns how many. @throws when it cannot */
  writeSync(bytes: Uint8Array): number;
}

/** Called when writing begins to fail, and when it works again. */
export interface LogWatcher {
  onFailure(error: Error): void;
  onRecovery(): void;
}

/** How often a failed write is tried again, in ms. */
export const RETRY_MS = 500;

/** Appends lines to a sink. */
export class LogWriter {
  #sink: LogSink;
  #watcher: LogWatcher;
  /** What is to be written: the rest of a write that the sink took in part, then whole lines. */
  #rest: Uint8Array | undefined;
  #lines: string[] = [];
  #held = false;
  #failing = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #utf8 = new TextEncoder();

  constructor(sink: LogSink, watcher: LogWatcher) {
    this.#sink = sink;
    this.#watcher = watcher;
  }

  /** Whether lines wait that could not be written. */
  get failing(): boolean {
    return this.#failing;
  }

  /** Takes one line, its line end included. */
  write(line: string): void {
    this.#lines.push(line);
    if (!this.#failing && !this.#held) this.#flush();
  }

  /** Lines that `work` adds leave in one write when it is done: a write costs ten times what its line does. */
  together(work: () => void): void {
    this.#held = true;
    try {
      work();
    } finally {
      this.#held = false;
      if (!this.#failing) this.#flush();
    }
  }

  /**
   * Tries once more to write what is left.
   *
   * @returns whether everything is written
   */
  close(): boolean {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting) this.#flush(true);
    return !this.#waiting;
  }

  get #waiting(): boolean {
    return this.#rest !== undefined || this.#lines.length > 0;
  }

  #flush(last = false): void {
    try {
      while (this.#waiting) {
        // Kept before it is tried: what a failed write did not take must not be lost.
        this.#rest ??= this.#utf8.encode(this.#lines.splice(0).join(""));
        const written = this.#sink.writeSync(this.#rest);
        // A full disk may take half a line: the rest must follow before anything else.
        this.#rest = written < this.#rest.length ? this.#rest.subarray(written) : undefined;
      }
      if (this.#failing) {
        this.#failing = false;
        this.#watcher.onRecovery();
      }
    } catch (error) {
      if (!this.#failing) {
        this.#failing = true;
        this.#watcher.onFailure(error instanceof Error ? error : new Error(String(error)));
      }
      if (!last) this.#timer = setTimeout(() => this.#flush(), RETRY_MS);
    }
  }
}
