/**
 * Host patterns that some host name fits at once.
 *
 * @module
 */

import { compileGlob, type Glob, globsOverlap } from "./glob.ts";
import type { HostPattern } from "./names.ts";

/** A pattern ready for comparisons: its labels from the right, and whether more may follow. */
interface Labels {
  fixed: Glob[];
  deep: boolean;
}

/** Is there any host name that fits both patterns? */
export function hostsOverlap(a: HostPattern, b: HostPattern): boolean {
  return labelsOverlap(labelsOf(a), labelsOf(b));
}

function labelsOf(pattern: HostPattern): Labels {
  const fixed = pattern.base.split(".").reverse().map(compileGlob);
  if (pattern.label) fixed.push(pattern.label);
  return { fixed, deep: pattern.deep };
}

function labelsOverlap(a: Labels, b: Labels): boolean {
  const shared = Math.min(a.fixed.length, b.fixed.length);
  if (!a.deep && !b.deep && a.fixed.length !== b.fixed.length) return false;
  // the last compared label tells most patterns apart
  for (let i = shared - 1; i >= 0; i--) {
    if (!globsOverlap(a.fixed[i]!, b.fixed[i]!)) return false;
  }
  if (a.deep && b.deep) return true;
  if (a.deep) return b.fixed.length > a.fixed.length;
  return !b.deep || a.fixed.length > b.fixed.length;
}

/** Finds, among many patterns, the first that overlaps with another one. */
export class OverlapIndex<T> {
  /** By base: patterns with this base, and patterns whose base ends in it. */
  readonly #own = new Map<string, { labels: Labels; value: T }[]>();
  readonly #below = new Map<string, { labels: Labels; value: T }[]>();

  /** Adds a pattern and what is to be found for it. */
  add(pattern: HostPattern, value: T): void {
    const entry = { labels: labelsOf(pattern), value };
    push(this.#own, pattern.base, entry);
    for (const suffix of suffixes(pattern.base)) push(this.#below, suffix, entry);
  }

  /** What was added for a pattern that overlaps with this one. */
  find(pattern: HostPattern): T | undefined {
    const labels = labelsOf(pattern);
    const fits = (entry: { labels: Labels }) => labelsOverlap(entry.labels, labels);
    const wild = pattern.deep || pattern.label !== null;
    for (const base of [pattern.base, ...suffixes(pattern.base)]) {
      const found = this.#own.get(base)?.find(fits);
      if (found) return found.value;
    }
    return wild ? this.#below.get(pattern.base)?.find(fits)?.value : undefined;
  }
}

/** What follows each dot of a name. */
function suffixes(name: string): string[] {
  const found = [];
  for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
    found.push(name.slice(dot + 1));
  }
  return found;
}

function push<V>(map: Map<string, V[]>, key: string, value: V) {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
