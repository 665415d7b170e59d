/**
 * Folds sibling hosts into wildcards.
 *
 * @module
 */

import { foldValues } from "./paths.ts";

/** So many hosts below one name are siblings worth folding. */
const SIBLINGS = 3;

/**
 * Wildcards for hosts that differ in their first label only.
 *
 * @param hosts names in their normal form
 * @returns the wildcard of each host that is folded
 */
export function foldHosts(hosts: Iterable<string>): Map<string, string> {
  const families = new Map<string, string[]>();
  for (const host of new Set(hosts)) {
    const dot = host.indexOf(".");
    const parent = host.slice(dot + 1);
    // Not `*.com`: whoever registers a name there would be let in.
    if (dot < 0 || !parent.includes(".")) continue;
    families.set(parent, [...families.get(parent) ?? [], host]);
  }
  const folded = new Map<string, string>();
  for (const [parent, family] of families) {
    if (family.length < SIBLINGS) continue;
    const label = foldValues(family.map((host) => host.slice(0, host.indexOf("."))));
    for (const host of family) folded.set(host, `${label}.${parent}`);
  }
  return folded;
}
