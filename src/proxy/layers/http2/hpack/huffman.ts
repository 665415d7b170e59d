/**
 * Huffman coding of HPACK strings (RFC 7541 section 5.2). Strings are Latin-1: a character a byte.
 *
 * @module
 */

import { toLatin1 } from "../../bytes.ts";
import { HpackError } from "./error.ts";
import { CODE_LENGTHS, CODES, EOS } from "./huffman_code.ts";

/** In `steps`: EOS was completed. */
const FAIL = -1;
/** A node of the code's tree: its two children, each a node (>= 0) or a symbol (stored as ~symbol). */
const tree: number[] = buildTree();
/**
 * `tree` walked four bits at a time: for node * 16 + nibble, the next node in the low 8 bits and, if a
 * symbol was completed, the symbol + 1 above them. No code is shorter than 5 bits: there is never a second.
 */
const steps = buildSteps();
/** Nodes at which a string may end: fewer than 8 bits, all ones, lead there. */
const final = buildFinal();

let scratch = new Uint8Array(1024);

/**
 * Decodes a Huffman-coded string.
 *
 * @throws {HpackError} if it holds EOS, or its padding is not the beginning of EOS, or longer than 7 bits
 */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string {
  // The shortest code has 5 bits.
  const most = Math.ceil((end - start) * 8 / 5);
  if (scratch.length < most) scratch = new Uint8Array(most);
  let node = 0;
  let length = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    const high = steps[node * 16 + (byte >> 4)]!;
    if (high === FAIL) throw new HpackError("EOS inside a Huffman string");
    if (high > 255) scratch[length++] = (high >> 8) - 1;
    const low = steps[(high & 255) * 16 + (byte & 15)]!;
    if (low === FAIL) throw new HpackError("EOS inside a Huffman string");
    if (low > 255) scratch[length++] = (low >> 8) - 1;
    node = low & 255;
  }
  if (final[node] !== 1) throw new HpackError("bad padding of a Huffman string");
  return toLatin1(scratch.subarray(0, length));
}

/** Bytes that {@link encodeHuffman} takes for a text. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += CODE_LENGTHS[text.charCodeAt(i)]!;
  return (bits + 7) >> 3;
}

/**
 * Encodes a text.
 *
 * @param out has room for {@link huffmanLength} bytes from `at` on
 * @returns the position after what was written
 */
export function encodeHuffman(text: string, out: Uint8Array, at: number): number {
  let held = 0;
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i);
    let length = CODE_LENGTHS[symbol]!;
    let code = CODES[symbol]!;
    if (length > 24) {
      // In two parts, so that at most 7 + 24 bits are ever held.
      held = (held << (length - 16)) | (code >>> 16);
      bits += length - 16;
      while (bits >= 8) out[at++] = held >>> (bits -= 8);
      code &= 0xffff;
      length = 16;
    }
    held = (held << length) | code;
    bits += length;
    while (bits >= 8) out[at++] = held >>> (bits -= 8);
  }
  if (bits > 0) out[at++] = (held << (8 - bits)) | (0xff >> bits);
  return at;
}

function buildTree(): number[] {
  const nodes = [0, 0];
  CODE_LENGTHS.forEach((length, symbol) => {
    let node = 0;
    for (let bit = length - 1; bit >= 0; bit--) {
      const child = node * 2 + ((CODES[symbol]! >>> bit) & 1);
      if (bit === 0) nodes[child] = ~symbol;
      else {
        if (nodes[child] === 0) nodes[child] = nodes.push(0, 0) / 2 - 1;
        node = nodes[child]!;
      }
    }
  });
  return nodes;
}

function buildSteps(): Int32Array {
  const table = new Int32Array(tree.length / 2 * 16);
  for (let at = 0; at < table.length; at++) table[at] = walk(at >> 4, at & 15);
  return table;
}

function walk(node: number, nibble: number): number {
  let symbol = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const child = tree[node * 2 + ((nibble >> bit) & 1)]!;
    if (child === ~EOS) return FAIL;
    if (child < 0) {
      symbol = ~child + 1;
      node = 0;
    } else node = child;
  }
  return symbol * 256 + node;
}

function buildFinal(): Uint8Array {
  const ends = new Uint8Array(tree.length / 2);
  let node = 0;
  for (let bits = 0; bits < 8; bits++) {
    ends[node] = 1;
    node = tree[node * 2 + 1]!;
  }
  return ends;
}
