/**
 * Finds frames in a byte stream; sans-I/O (RFC 9113 section 4.1).
 *
 * @module
 */

import { concat, EMPTY } from "../bytes.ts";
import { ConnectionError, ErrorCode, StreamError } from "./errors.ts";
import { type Frame, HEADER_SIZE, MAX_PAYLOAD } from "./frame.ts";
import { decodeFrame } from "./frame_payload.ts";

const LARGEST = HEADER_SIZE + MAX_PAYLOAD;
/** Frames up to this size, in bytes, get a buffer of their own: connections without bulk keep none. */
const SMALL = 1024;

/** Reassembles frames from what one peer sends, however it is cut. */
export class FrameReader {
  #input: Uint8Array = EMPTY;
  #at = 0;
  /** A frame whose rest has not come: first room for its header, then for all of it. */
  #partial: Uint8Array | undefined;
  #have = 0;
  #dead = false;
  /** Room for large frames, used again: what holds a returned frame, and what is free; two at most. */
  #lent: Uint8Array | undefined;
  #free: Uint8Array[] = [];

  /**
   * Takes the next bytes of the stream. Frames from {@link FrameReader.next} are views of these bytes
   * or of the reader's own buffer: valid until the next `push`.
   */
  push(bytes: Uint8Array): void {
    this.#input = this.#at < this.#input.length
      ? concat(this.#input.subarray(this.#at), bytes)
      : bytes;
    this.#at = 0;
    if (this.#lent) this.#free.push(this.#lent);
    this.#lent = undefined;
  }

  /**
   * Returns the next frame or the error in its place; undefined when more bytes are needed. After a
   * ConnectionError nothing more is read; after a StreamError the next frame is.
   */
  next(): Frame | ConnectionError | StreamError | undefined {
    if (this.#dead) return undefined;
    try {
      const bytes = this.#partial ? this.#completed(this.#partial) : this.#whole();
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
    if (left === 0) return undefined;
    if (left < HEADER_SIZE) return this.#completed(new Uint8Array(HEADER_SIZE));
    const size = frameSize(this.#input, this.#at);
    if (left < size) return this.#completed(this.#room(size));
    return this.#input.subarray(this.#at, this.#at += size);
  }

  /** Goes on with a frame that came in parts. */
  #completed(partial: Uint8Array): Uint8Array | undefined {
    this.#partial = partial;
    if (!this.#fill(partial)) return undefined;
    const size = frameSize(partial, 0);
    if (size > partial.length) {
      const whole = this.#room(size);
      whole.set(partial);
      return this.#completed(whole);
    }
    this.#partial = undefined;
    this.#have = 0;
    if (size > SMALL) this.#lent = partial;
    return partial;
  }

  #room(size: number): Uint8Array {
    if (size <= SMALL) return new Uint8Array(size);
    const free = this.#free.pop();
    const whole = free ? new Uint8Array(free.buffer) : new Uint8Array(LARGEST);
    return whole.subarray(0, size);
  }

  #fill(partial: Uint8Array): boolean {
    const count = Math.min(partial.length - this.#have, this.#input.length - this.#at);
    partial.set(this.#input.subarray(this.#at, this.#at + count), this.#have);
    this.#at += count;
    this.#have += count;
    return this.#have === partial.length;
  }
}

function frameSize(bytes: Uint8Array, at: number): number {
  const payload = bytes[at]! << 16 | bytes[at + 1]! << 8 | bytes[at + 2]!;
  if (payload > MAX_PAYLOAD) {
    throw new ConnectionError(ErrorCode.frameSize, `a frame of ${payload} bytes`);
  }
  return HEADER_SIZE + payload;
}
