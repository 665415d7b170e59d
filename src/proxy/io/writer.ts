/**
 * Writing whole byte strings, under a stall deadline.
 *
 * @module
 */

import type { Stream } from "./stream.ts";
import type { Watched } from "./watchdog.ts";

/** Milliseconds that one write may stall: both sides of a relay that wait for each other end then. */
export const WRITE_STALL_MS = 120_000;

/** Writes to one stream and counts. One write at a time: the callers are sequential. */
export class StreamWriter implements Watched {
  deadline = Infinity;
  /** Bytes written so far. */
  written = 0;

  /**
   * @param sink what is written to
   * @param expire called when a write stalls: it must close the sink, so that the write fails
   */
  constructor(readonly sink: Pick<Stream, "write">, readonly expire: () => void) {}

  /**
   * Writes all of `bytes`.
   *
   * @throws what the stream's write throws
   */
  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.deadline = Date.now() + WRITE_STALL_MS;
    try {
      let done = await this.sink.write(bytes);
      while (done < bytes.length) {
        this.deadline = Date.now() + WRITE_STALL_MS;
        done += await this.sink.write(bytes.subarray(done));
      }
    } finally {
      this.deadline = Infinity;
    }
    this.written += bytes.length;
  }
}
