/**
 * What is known about packages, asked for once and kept for a while.
 *
 * @module
 */

import type { PackageAnswer } from "../../protocol/mod.ts";

/** How long an answer is used again, in milliseconds: what may change soon is asked for again soon. */
const KEPT_MS: Readonly<Record<PackageAnswer["kind"], number>> = {
  fine: 3600_000,
  bad: 3600_000,
  unknown: 60_000,
  failure: 5000,
};
/** Packages remembered; the one used longest ago goes first. */
const MAX_KEPT = 10_000;

interface Entry {
  answer: Promise<PackageAnswer>;
  until: number;
}

/** Asks about each package once, however many want to know. */
export class PackageChecks {
  readonly #kept = new Map<string, Entry>();

  /**
   * @param ask has an answer for whatever the network does
   * @param now milliseconds
   * @param limit packages remembered, at least 1
   */
  constructor(
    readonly ask: (purl: string) => Promise<PackageAnswer>,
    readonly now: () => number = Date.now,
    readonly limit = MAX_KEPT,
  ) {}

  /** What is known about a package. */
  check(purl: string): Promise<PackageAnswer> {
    const known = this.#kept.get(purl);
    this.#kept.delete(purl);
    const entry = known && known.until > this.now() ? known : this.#begin(purl);
    this.#kept.set(purl, entry); // the map's order is that of last use
    if (this.#kept.size > this.limit) this.#kept.delete(this.#kept.keys().next().value!);
    return entry.answer;
  }

  #begin(purl: string): Entry {
    const entry = { answer: this.ask(purl), until: Infinity };
    entry.answer.then(
      ({ kind }) => entry.until = this.now() + KEPT_MS[kind],
      () => entry.until = 0, // a mistake of this program: those who wait for it report it
    );
    return entry;
  }
}
