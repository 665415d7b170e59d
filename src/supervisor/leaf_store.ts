/**
 * The leaves that proxies minted, so that all show the same. No I/O.
 *
 * @module
 */

import type { SharedLeaf } from "../protocol/mod.ts";

/** As many as a proxy keeps. */
const MOST = 4096;

/** One leaf a host: the first that came, until it is due for renewal. */
export class LeafStore {
  #leaves = new Map<string, SharedLeaf>();
  readonly #most: number;

  /** @param most leaves that are kept; the oldest goes first */
  constructor(most = MOST) {
    this.#most = most;
  }

  /**
   * Takes note of a minted leaf.
   *
   * @param now ms since the epoch
   * @returns the leaf to use for its host: another if two proxies minted at a time and this one came later
   */
  settle(leaf: SharedLeaf, now: number): SharedLeaf {
    const known = this.#leaves.get(leaf.host);
    if (known && known.from <= now && now < known.until) return known;
    this.#leaves.delete(leaf.host); // the map's order is that of age
    this.#leaves.set(leaf.host, leaf);
    if (this.#leaves.size > this.#most) this.#leaves.delete(this.#leaves.keys().next().value!);
    return leaf;
  }

  /** All of them, for a proxy that joins. */
  values(): Iterable<SharedLeaf> {
    return this.#leaves.values();
  }
}
