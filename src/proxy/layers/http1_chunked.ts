/**
 * Strict incremental decoder of chunked bodies (RFC 9112 section 7.1), and the encoder.
 *
 * @module
 */

import { concat, EMPTY, encodeText, fromLatin1, toLatin1 } from "./bytes.ts";
import { findHeadEnd, type Header, HeadError, parseTrailers } from "./http1_head.ts";
import { mayTrail } from "./trailers.ts";

const MAX_SIZE_LINE = 256;
const MAX_TRAILERS = 8192;
/** A chunk extension is dropped, but only a well-formed one is read alike by every server. */
const SIZE_LINE = /^([0-9A-Fa-f]{1,13})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?$/;
const CRLF = encodeText("\r\n");

/** What a push gave. */
export interface ChunkedStep {
  /** Body bytes, views of the input. */
  data: Uint8Array[];
  /** Bytes of the input that were used up. */
  consumed: number;
}

/** Decodes one chunked body. Never throws on what it reads: see {@link ChunkedDecoder.push}. */
export class ChunkedDecoder {
  #state: "size" | "data" | "after" | "trailers" | "done" = "size";
  #left = 0;
  /** Fields after the last chunk; complete when {@link ChunkedDecoder.done}. */
  trailers: Header[] = [];

  /** Whether the whole body, trailers included, has been read. */
  get done(): boolean {
    return this.#state === "done";
  }

  /**
   * Decodes as much of `bytes` as is complete. Bytes that are not consumed must be given again,
   * with more behind them.
   *
   * @returns the step, or why the bytes are no chunked body; then the connection must be closed
   */
  push(bytes: Uint8Array): ChunkedStep | HeadError {
    const data: Uint8Array[] = [];
    let at = 0;
    for (;;) {
      const used = this.#step(bytes.subarray(at), data);
      if (used instanceof HeadError) return used;
      at += used;
      if (used === 0 || this.#state === "done") return { data, consumed: at };
    }
  }

  #step(bytes: Uint8Array, data: Uint8Array[]): number | HeadError {
    switch (this.#state) {
      case "size":
        return this.#size(bytes);
      case "data":
        return this.#data(bytes, data);
      case "after":
        return this.#after(bytes);
      case "trailers":
        return this.#trailers(bytes);
      case "done":
        return 0;
    }
  }

  #size(bytes: Uint8Array): number | HeadError {
    const cr = bytes.subarray(0, MAX_SIZE_LINE).indexOf(13);
    if (cr < 0) {
      if (bytes.length >= MAX_SIZE_LINE || bytes.includes(10)) return broken();
      return 0;
    }
    if (cr + 1 >= bytes.length) return 0;
    const match = bytes[cr + 1] === 10 ? SIZE_LINE.exec(toLatin1(bytes.subarray(0, cr))) : null;
    if (!match) return broken();
    this.#left = parseInt(match[1]!, 16);
    this.#state = this.#left === 0 ? "trailers" : "data";
    return cr + 2;
  }

  #data(bytes: Uint8Array, data: Uint8Array[]): number {
    const take = Math.min(this.#left, bytes.length);
    if (take === 0) return 0;
    data.push(bytes.subarray(0, take));
    this.#left -= take;
    if (this.#left === 0) this.#state = "after";
    return take;
  }

  #after(bytes: Uint8Array): number | HeadError {
    if (bytes.length > 0 && bytes[0] !== 13) return broken();
    if (bytes.length < 2) return 0;
    if (bytes[1] !== 10) return broken();
    this.#state = "size";
    return 2;
  }

  #trailers(bytes: Uint8Array): number | HeadError {
    if (bytes.length < 2) return 0;
    const end = bytes[0] === 13 && bytes[1] === 10 ? 2 : findHeadEnd(bytes);
    if (end < 0) return bytes.length > MAX_TRAILERS ? broken() : 0;
    const trailers = parseTrailers(bytes.subarray(0, end));
    if (trailers instanceof HeadError) return trailers;
    this.trailers = trailers;
    this.#state = "done";
    return end;
  }
}

/** Encodes pieces of a body as one chunk. An empty one would end the body: nothing is written then. */
export function encodeChunk(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  if (length === 0) return EMPTY;
  return concat(encodeText(length.toString(16) + "\r\n"), ...pieces, CRLF);
}

/** Encodes the last chunk and the trailers that may be passed on (RFC 9110 section 6.5.1). */
export function encodeLastChunk(trailers: readonly Header[]): Uint8Array<ArrayBuffer> {
  let text = "0\r\n";
  for (const field of trailers) {
    if (mayTrail(field.lower)) text += `${field.name}: ${field.value}\r\n`;
  }
  return fromLatin1(text + "\r\n");
}

function broken(): HeadError {
  return new HeadError("the chunked body is malformed");
}
