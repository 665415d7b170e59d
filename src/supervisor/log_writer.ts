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
  #pending: Uint8Array[] = [];
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
    this.#pending.push(this.#utf8.encode(line));
    if (!this.#failing) this.#flush();
  }

  /**
   * Tries once more to write what is left.
   *
   * @returns whether everything is written
   */
  close(): boolean {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.length > 0) this.#flush(true);
    return this.#pending.length === 0;
  }

  #flush(last = false): void {
    try {
      while (this.#pending.length > 0) {
        const bytes = this.#pending[0]!;
        const written = this.#sink.writeSync(bytes);
        // A full disk may take half a line: the rest must follow before anything else.
        if (written < bytes.length) this.#pending[0] = bytes.subarray(written);
        else this.#pending.shift();
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
