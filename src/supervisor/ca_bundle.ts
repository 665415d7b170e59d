/**
 * The CA bundle that COMMAND sees, and the environment that points to it.
 *
 * @module
 */

import { CA_VARIABLES } from "../protocol/mod.ts";

/**
 * Joins PEM texts into one bundle, the run's own CA first (some clients stop reading at a size).
 *
 * @param own the run's CA
 * @param others the system's bundle and what the caller's environment pointed to
 */
export function mergeBundles(own: string, others: string[]): string {
  const seen = new Set<string>();
  const parts: string[] = [];
  for (const text of [own, ...others]) {
    if (seen.has(text)) continue;
    seen.add(text);
    parts.push(text.endsWith("\n") || text === "" ? text : text + "\n");
  }
  return parts.join("");
}

/** The caller's environment with every CA variable set to `bundle`. */
export function withCaVariables(
  env: Record<string, string>,
  bundle: string,
): Record<string, string> {
  const out = { ...env };
  for (const name of CA_VARIABLES) out[name] = bundle;
  return out;
}
