/**
 * Buffered reading with one read in flight at most, which may be begun before its bytes are wanted.
 *
 * @module
 */

import { EMPTY } from "../layers/bytes.ts";
import type { Stream } from "./stream.ts";

/** Bytes read at a time. Larger ones gain nothing on a TLS stream, whose records are 16 KB. */
export const CHUNK = 16 * 1024;
/** Bytes read at a time until a read was full: most of the memory of an idle connection is buffers. */
export const SMALL_CHUNK = 4 * 1024;

/** Reads a stream into a window of bytes that have arrived and are not yet consumed. */
export class StreamReader {
  #buffer: Uint8Array;
  #start = 0;
  #end = 0;
  #wasFull = false;
  #pending: Promise<boolean> | undefined;
  /** The stream has ended: no more bytes will come. */
  ended = false;
  /** What a read failed with. */
  error: unknown;

  /**
   * @param first bytes that were read before, taken over
   */
  constructor(readonly source: Pick<Stream, "read">, first: Uint8Array = EMPTY) {
    this.#buffer = new Uint8Array(Math.max(SMALL_CHUNK, first.length));
    this.#buffer.set(first);
    this.#end = first.length;
  }

  /** The window: valid until the next {@link StreamReader.fill} after bytes were consumed. */
  get buffered(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** Number of bytes in the window. */
  get size(): number {
    return this.#end - this.#start;
  }

  /** Whether a read is in flight. */
  get reading(): boolean {
    return this.#pending !== undefined;
  }

  /** Drops the first `count` bytes of the window. */
  consume(count: number): void {
    this.#start += count;
  }

  /**
   * Waits for more bytes; joins the read in flight if there is one.
   *
   * @returns false at the end of the stream
   * @throws what the stream's read throws
   */
  fill(): Promise<boolean> {
    return this.#pending ??= this.#read();
  }

  /**
   * Begins a read so that the end or failure of an idle stream is noticed.
   *
   * @param notice called when the read ends, however it ends
   */
  prefetch(notice: () => void = () => {}): void {
    // A failure is kept in `error`, and the next fill throws it.
    this.fill().then(notice, notice);
  }

  async #read(): Promise<boolean> {
    try {
      if (this.error !== undefined) throw this.error;
      if (this.ended) return false;
      this.#makeRoom();
      const count = await this.source.read(this.#buffer.subarray(this.#end));
      if (count === null) {
        this.ended = true;
        return false;
      }
      this.#end += count;
      this.#wasFull ||= this.#end === this.#buffer.length;
      return true;
    } catch (error) {
      this.error = error;
      throw error;
    } finally {
      this.#pending = undefined;
    }
  }

  /** Only between reads: the one in flight writes into the buffer. */
  #makeRoom(): void {
    if (this.#start === this.#end) this.#start = this.#end = 0;
    const wanted = this.#wasFull ? CHUNK : SMALL_CHUNK;
    if (this.#buffer.length >= wanted && this.#buffer.length - this.#end >= wanted / 2) return;
    const size = this.#end - this.#start;
    if (size > this.#buffer.length / 2 || this.#buffer.length < wanted) {
      const grown = new Uint8Array(Math.max(this.#buffer.length * 2, wanted));
      grown.set(this.buffered);
      this.#buffer = grown;
    } else {
      this.#buffer.copyWithin(0, this.#start, this.#end);
    }
    this.#start = 0;
    this.#end = size;
  }
}

/** Waits for more bytes, an end or a failure. A failed read shows again when the reader is used next. */
export function filled(reader: StreamReader): Promise<boolean> {
  return reader.fill().catch(() => false);
}
