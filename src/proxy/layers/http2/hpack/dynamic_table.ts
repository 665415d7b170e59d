/**
 * The dynamic table of an HPACK decoder (RFC 7541 sections 2.3.2 and 4).
 *
 * @module
 */

import type { Field } from "./static_table.ts";

/** What an entry costs besides its text (RFC 7541 section 4.1). */
export const ENTRY_OVERHEAD = 32;

/** Bytes that a field counts as, in tables and in header lists. */
export function fieldSize(field: Field): number {
  return field.name.length + field.value.length + ENTRY_OVERHEAD;
}

/** Fields seen lately, newest first. */
export class DynamicTable {
  /** Oldest first; the live ones begin at `#first`. */
  #entries: Field[] = [];
  #first = 0;
  #size = 0;

  /** @param max bytes that the entries may count together */
  constructor(public max: number) {}

  /** Bytes that the entries count together. */
  get size(): number {
    return this.#size;
  }

  /** Number of entries. */
  get length(): number {
    return this.#entries.length - this.#first;
  }

  /** @param index from 0, the newest */
  get(index: number): Field | undefined {
    return index < this.length ? this.#entries[this.#entries.length - 1 - index] : undefined;
  }

  /** Adds a field; one that is larger than the whole table empties it (RFC 7541 section 4.4). */
  add(field: Field): void {
    const size = fieldSize(field);
    this.#evict(this.max - size);
    if (size > this.max) return;
    this.#entries.push(field);
    this.#size += size;
  }

  /** Changes the table's size, in bytes. */
  resize(max: number): void {
    this.max = max;
    this.#evict(max);
  }

  #evict(room: number): void {
    while (this.#size > room && this.length > 0) {
      this.#size -= fieldSize(this.#entries[this.#first++]!);
    }
    // Moved now and then only, so that adding stays cheap.
    if (this.#first > 64 && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
  }
}
