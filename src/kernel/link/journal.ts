/**
 * The lookups that the engine knows, to tell them to the next one. No I/O.
 *
 * @module
 */

import type { DnsAnswer } from "../../protocol/mod.ts";

/** A lookup and when it was told (seconds since boot). */
export interface RecordedLookup {
  answer: DnsAnswer;
  now: number;
}

/** The engine keeps an answer no longer than this, seconds. */
const LONGEST = 3600;
const LIMIT = 16384;

/** The latest lookups by name and addresses. */
export class LookupJournal {
  readonly #entries = new Map<string, RecordedLookup>();
  readonly #limit: number;

  /** @param limit entries kept; the oldest goes first */
  constructor(limit = LIMIT) {
    this.#limit = limit;
  }

  record(answer: DnsAnswer, now: number): void {
    const key = JSON.stringify([answer.name, answer.ips]);
    this.#entries.delete(key);
    this.#entries.set(key, { answer, now });
    if (this.#entries.size > this.#limit) this.#entries.delete(this.#entries.keys().next().value!);
  }

  /** What still counts at `now`, oldest first. */
  replay(now: number): RecordedLookup[] {
    for (const [key, entry] of this.#entries) {
      if (entry.now + Math.min(Math.max(entry.answer.ttl, 60), LONGEST) < now) {
        this.#entries.delete(key);
      }
    }
    return [...this.#entries.values()];
  }
}
