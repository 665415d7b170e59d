/**
 * A stream whose first bytes have been read already.
 *
 * @module
 */

import type { StreamReader } from "./reader.ts";
import { closeQuietly, type Stream } from "./stream.ts";

/** Reads what a {@link StreamReader} has buffered or in flight first, then the stream itself. */
export class BufferedStream implements Stream {
  /** Let go of once it is empty: an idle relay need not hold its buffer. */
  #reader: StreamReader | undefined;

  constructor(readonly inner: Stream, reader: StreamReader) {
    this.#reader = reader;
  }

  /** As {@link Stream.read}. */
  read(into: Uint8Array): Promise<number | null> {
    const reader = this.#reader;
    if (reader !== undefined && (reader.size > 0 || reader.reading)) {
      return this.#readFirst(reader, into);
    }
    this.#reader = undefined;
    return this.inner.read(into);
  }

  async #readFirst(reader: StreamReader, into: Uint8Array): Promise<number | null> {
    if (reader.size === 0 && !await reader.fill()) return null;
    const piece = reader.buffered.subarray(0, into.length);
    into.set(piece);
    reader.consume(piece.length);
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
    closeQuietly(this.inner);
  }
}
