/**
 * Decoder of header blocks (RFC 7541 sections 3 and 6). One for each direction of a connection.
 *
 * @module
 */

import { DynamicTable, fieldSize } from "./dynamic_table.ts";
import { HpackError } from "./error.ts";
import { BlockReader } from "./primitives.ts";
import { type Field, STATIC_TABLE } from "./static_table.ts";

/** Table size that holds until a setting says otherwise (RFC 9113 section 6.5.2). */
export const DEFAULT_TABLE_SIZE = 4096;

/** What a block holds. */
export interface DecodedBlock {
  fields: Field[];
  /**
   * The list exceeds the limits. `fields` is then only its beginning; the compression state is whole,
   * so that the connection may go on.
   */
  tooLarge: boolean;
}

/** Limits of a header list. */
export interface ListLimits {
  /** Bytes, an entry's overhead of 32 included (SETTINGS_MAX_HEADER_LIST_SIZE). */
  bytes: number;
  fields: number;
}

/** Keeps the compression state of what one peer sends. */
export class HpackDecoder {
  #table = new DynamicTable(DEFAULT_TABLE_SIZE);
  #limit = DEFAULT_TABLE_SIZE;
  #mustShrink = false;

  constructor(readonly limits: ListLimits) {}

  /**
   * The peer has acknowledged SETTINGS_HEADER_TABLE_SIZE.
   *
   * @param limit bytes; a smaller one than the table has must be obeyed by the next block
   */
  setTableLimit(limit: number): void {
    this.#limit = limit;
    this.#mustShrink = limit < this.#table.max;
  }

  /** Decodes a whole block; every block of the peer must come here, in order. */
  decode(block: Uint8Array): DecodedBlock | HpackError {
    try {
      return this.#decode(new BlockReader(block));
    } catch (error) {
      if (error instanceof HpackError) return error;
      throw error;
    }
  }

  #decode(reader: BlockReader): DecodedBlock {
    this.#sizeUpdates(reader);
    const out: DecodedBlock = { fields: [], tooLarge: false };
    let left = this.limits.bytes;
    while (!reader.done) {
      const field = this.#field(reader);
      left -= fieldSize(field);
      // Not kept, so that a block of references to one large entry costs no memory (HPACK bomb).
      if (left < 0 || out.fields.length >= this.limits.fields) out.tooLarge = true;
      else out.fields.push(field);
    }
    return out;
  }

  /** Size updates stand at the beginning of a block only (RFC 7541 section 4.2). */
  #sizeUpdates(reader: BlockReader): void {
    while (!reader.done && reader.bytes[reader.at]! >> 5 === 1) {
      const size = reader.integer(5);
      if (size > this.#limit) throw new HpackError("a table size above the agreed one");
      this.#table.resize(size);
      this.#mustShrink = false;
    }
    if (this.#mustShrink) throw new HpackError("the table was not made smaller as agreed");
  }

  #field(reader: BlockReader): Field {
    const first = reader.bytes[reader.at]!;
    if (first >= 0x80) return this.#indexed(reader.integer(7));
    if (first >= 0x40) {
      const field = this.#literal(reader, 6, false);
      this.#table.add(field);
      return field;
    }
    if (first >= 0x20) throw new HpackError("a table size update after a field");
    return this.#literal(reader, 4, first >= 0x10);
  }

  #literal(reader: BlockReader, prefix: number, sensitive: boolean): Field {
    const index = reader.integer(prefix);
    const name = index === 0 ? reader.string() : this.#indexed(index).name;
    return { name, value: reader.string(), sensitive };
  }

  #indexed(index: number): Field {
    const field = index <= STATIC_TABLE.length
      ? STATIC_TABLE[index - 1]
      : this.#table.get(index - STATIC_TABLE.length - 1);
    if (!field) throw new HpackError(`no entry with index ${index}`);
    return field;
  }
}
