/**
 * Encoder of header blocks that keeps no state: it uses the static table and literals only, so that
 * what is sent on one stream never depends on, or tells of, another (RFC 7541 section 7).
 *
 * @module
 */

import { BlockWriter } from "./primitives.ts";
import { type Field, STATIC_NAMES } from "./static_table.ts";

/** Secrets that clients do not always mark themselves (RFC 7541 section 7.1.3). */
const SECRETS: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "proxy-authorization",
  "set-cookie",
]);

const INDEXED = 0x80;
const SIZE_UPDATE = 0x20;
const NEVER_INDEXED = 0x10;
const NOT_INDEXED = 0;

/** Encodes what is sent to one peer. */
export class HpackEncoder {
  readonly #writer: BlockWriter;
  #announce = true;

  /**
   * @param options.huffman shorter blocks for more work: for a peer across a network
   */
  constructor(options: { huffman: boolean }) {
    this.#writer = new BlockWriter(options.huffman);
  }

  /**
   * Lets the next block say that the table has size 0. Called when a new SETTINGS_HEADER_TABLE_SIZE of
   * the peer is acknowledged: it expects to hear of a reduction in the next block (RFC 7541 section 4.2).
   */
  announceTableSize(): void {
    this.#announce = true;
  }

  /**
   * Encodes a header list as one block; blocks are sent in the order in which they were encoded.
   *
   * @returns a view that holds until the next call
   */
  encode(fields: readonly Field[]): Uint8Array<ArrayBuffer> {
    if (this.#announce) this.#writer.integer(5, SIZE_UPDATE, 0);
    this.#announce = false;
    for (const field of fields) this.#field(field);
    return this.#writer.take();
  }

  #field({ name, value, sensitive }: Field): void {
    const known = STATIC_NAMES.get(name);
    const exact = known?.values.get(value);
    if (exact !== undefined && !sensitive) return this.#writer.integer(7, INDEXED, exact);
    const flags = sensitive || SECRETS.has(name) ? NEVER_INDEXED : NOT_INDEXED;
    this.#writer.integer(4, flags, known?.index ?? 0);
    if (!known) this.#writer.string(name);
    this.#writer.string(value);
  }
}
