/**
 * Integers and strings of HPACK (RFC 7541 section 5).
 *
 * @module
 */

import { toLatin1 } from "../../bytes.ts";
import { HpackError } from "./error.ts";
import { decodeHuffman, encodeHuffman, huffmanLength } from "./huffman.ts";

/** Largest integer that is accepted: far above every index, length and table size in use. */
export const MAX_INTEGER = 2 ** 28 - 1;

/** Reads primitives off a header block. */
export class BlockReader {
  /** Position of the next byte. */
  at = 0;

  constructor(readonly bytes: Uint8Array) {}

  /** Whether everything was read. */
  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  /**
   * Reads an integer.
   *
   * @param prefix bits of the first byte that belong to it, 1..8
   * @returns 0..{@link MAX_INTEGER}
   * @throws {HpackError} if it is cut off or larger
   */
  integer(prefix: number): number {
    const mask = (1 << prefix) - 1;
    let value = this.#byte() & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 28; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (value > MAX_INTEGER) break;
      if (byte < 0x80) return value;
    }
    throw new HpackError("an integer is too large");
  }

  /**
   * Reads a string, Huffman-coded or plain.
   *
   * @throws {HpackError} if it is cut off or badly coded
   */
  string(): string {
    const huffman = (this.bytes[this.at] ?? 0) >= 0x80;
    const length = this.integer(7);
    const start = this.at;
    const end = start + length;
    if (end > this.bytes.length) throw new HpackError("a string is cut off");
    this.at = end;
    if (huffman) return decodeHuffman(this.bytes, start, end);
    return toLatin1(this.bytes.subarray(start, end));
  }

  #byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new HpackError("the block is cut off");
    return byte;
  }
}

/** Writes primitives into a buffer that grows and is used again. */
export class BlockWriter {
  #bytes = new Uint8Array(512);
  #at = 0;

  /** @param huffman whether strings are Huffman-coded where that is shorter */
  constructor(readonly huffman: boolean) {}

  /**
   * Writes an integer.
   *
   * @param prefix bits of the first byte that belong to it, 1..8
   * @param flags the other bits of that byte
   * @param value 0..{@link MAX_INTEGER}
   */
  integer(prefix: number, flags: number, value: number): void {
    this.#reserve(6);
    const mask = (1 << prefix) - 1;
    if (value < mask) {
      this.#bytes[this.#at++] = flags | value;
      return;
    }
    this.#bytes[this.#at++] = flags | mask;
    let rest = value - mask;
    for (; rest >= 0x80; rest >>>= 7) this.#bytes[this.#at++] = 0x80 | (rest & 0x7f);
    this.#bytes[this.#at++] = rest;
  }

  /**
   * Writes a string.
   *
   * @param text of characters below U+0100
   */
  string(text: string): void {
    this.#reserve(text.length + 6);
    const coded = this.huffman ? huffmanLength(text) : text.length;
    if (coded < text.length) {
      this.integer(7, 0x80, coded);
      this.#at = encodeHuffman(text, this.#bytes, this.#at);
      return;
    }
    this.integer(7, 0, text.length);
    const bytes = this.#bytes;
    let at = this.#at;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.#at = at;
  }

  /** Returns what was written, as a view that holds until the next write, and starts anew. */
  take(): Uint8Array<ArrayBuffer> {
    const out = this.#bytes.subarray(0, this.#at);
    this.#at = 0;
    return out;
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + more));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
