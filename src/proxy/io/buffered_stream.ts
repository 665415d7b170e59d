/**
 * A stream whose first bytes have been read already.
 *
 * @module
 */

import type { StreamReader } from "./reader.ts";
import type { Stream } from "./stream.ts";

/** Reads what a {@link StreamReader} has buffered or in flight first, then the stream itself. */
export class BufferedStream implements Stream {
  constructor(readonly inner: Stream, readonly reader: StreamReader) {}

  /** As {@link Stream.read}. */
  async read(into: Uint8Array): Promise<number | null> {
    if (this.reader.size === 0) {
      if (!this.reader.reading) return await this.inner.read(into);
      if (!await this.reader.fill()) return null;
    }
    const piece = this.reader.buffered.subarray(0, into.length);
    into.set(piece);
    this.reader.consume(piece.length);
    return piece.length;
  }

  /** As {@link Stream.write}. */
  write(bytes: Uint8Array): Promise<number> {
    return this.inner.write(bytes);
  }

  /** As {@link Stream.closeWrite}. */
  closeWrite(): Promise<void> {
    return this.inner.closeWrite();
  }

  /** As {@link Stream.close}. */
  close(): void {
    this.inner.close();
  }
}
