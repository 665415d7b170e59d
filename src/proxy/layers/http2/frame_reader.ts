/**
 * Finds frames in a byte stream; sans-I/O (RFC 9113 section 4.1).
 *
 * @module
 */

import { concat, EMPTY } from "../bytes.ts";
import { ConnectionError, ErrorCode, StreamError } from "./errors.ts";
import { type Frame, HEADER_SIZE, MAX_PAYLOAD } from "./frame.ts";
import { decodeFrame } from "./frame_payload.ts";

/** Reassembles frames from what one peer sends, however it is cut. */
export class FrameReader {
  #input: Uint8Array = EMPTY;
  #at = 0;
  /** The beginning of a frame whose rest has not come. */
  #partial = new Uint8Array(HEADER_SIZE + MAX_PAYLOAD);
  /** Takes turns with `#partial`, so that a frame completed there outlives the next one's beginning. */
  #spare = new Uint8Array(HEADER_SIZE + MAX_PAYLOAD);
  #have = 0;
  #dead = false;

  /**
   * Takes the next bytes of the stream. Frames from {@link FrameReader.next} are views of these bytes
   * or of the reader's own buffer: valid until the next `push`.
   */
  push(bytes: Uint8Array): void {
    this.#input = this.#at < this.#input.length
      ? concat(this.#input.subarray(this.#at), bytes)
      : bytes;
    this.#at = 0;
  }

  /**
   * Returns the next frame or the error in its place; undefined when more bytes are needed. After a
   * ConnectionError nothing more is read; after a StreamError the next frame is.
   */
  next(): Frame | ConnectionError | StreamError | undefined {
    if (this.#dead) return undefined;
    try {
      const bytes = this.#have > 0 ? this.#completed() : this.#whole();
      return bytes && decodeFrame(bytes);
    } catch (error) {
      if (error instanceof StreamError) return error;
      this.#dead = true;
      if (error instanceof ConnectionError) return error;
      throw error;
    }
  }

  /** A frame that lies whole in the input, without a copy; else what is there is kept. */
  #whole(): Uint8Array | undefined {
    const left = this.#input.length - this.#at;
    if (left >= HEADER_SIZE) {
      const size = frameSize(this.#input, this.#at);
      if (left >= size) return this.#input.subarray(this.#at, this.#at += size);
    }
    this.#keep(left);
    return undefined;
  }

  #completed(): Uint8Array | undefined {
    if (!this.#fillTo(HEADER_SIZE)) return undefined;
    const size = frameSize(this.#partial, 0);
    if (!this.#fillTo(size)) return undefined;
    this.#have = 0;
    const whole = this.#partial;
    this.#partial = this.#spare;
    this.#spare = whole;
    return whole.subarray(0, size);
  }

  #fillTo(size: number): boolean {
    if (size > this.#have) {
      this.#keep(Math.min(size - this.#have, this.#input.length - this.#at));
    }
    return this.#have >= size;
  }

  #keep(count: number): void {
    if (count === 0) return;
    this.#partial.set(this.#input.subarray(this.#at, this.#at + count), this.#have);
    this.#at += count;
    this.#have += count;
  }
}

function frameSize(bytes: Uint8Array, at: number): number {
  const payload = bytes[at]! << 16 | bytes[at + 1]! << 8 | bytes[at + 2]!;
  if (payload > MAX_PAYLOAD) {
    throw new ConnectionError(ErrorCode.frameSize, `a frame of ${payload} bytes`);
  }
  return HEADER_SIZE + payload;
}
