/**
 * Writes of several callers to one stream, in the order in which they were queued.
 *
 * @module
 */

import type { StreamWriter } from "./writer.ts";

/** A queue before a {@link StreamWriter}. */
export class WriteQueue {
  #last: Promise<void> = Promise.resolve();

  constructor(readonly writer: StreamWriter) {}

  /**
   * Writes all of `bytes` after what was queued before; they must stay as they are until then.
   *
   * @throws what the stream's write throws, also that of a write before
   */
  write(bytes: Uint8Array): Promise<void> {
    this.#last = this.#last.then(() => this.writer.write(bytes));
    return this.#last;
  }
}
