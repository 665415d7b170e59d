/**
 * Makes sure that a claimed name and the address it was sent to belong together.
 *
 * @module
 */

import type { Verdict } from "../../protocol/mod.ts";
import type { Proxy } from "./proxy.ts";

/**
 * Whether a lookup of our own could change a verdict. Names that no rule admits are not looked up:
 * that would carry them out of the machine.
 */
export function needsLookup(verdict: Verdict): boolean {
  if (verdict.destination !== "unknown" && verdict.destination !== "other") return false;
  return verdict.policy === "allow" || verdict.reason === "unresolved_destination" ||
    verdict.reason === "host_mismatch";
}

/**
 * Looks a name up and tells the engine.
 *
 * @returns its addresses; none if it has none or nobody answers
 */
export async function confirmDestination(proxy: Proxy, name: string): Promise<string[]> {
  const answer = await proxy.resolver.resolve(name);
  if (answer.ips.length > 0) await proxy.kernel.lookup({ name, ...answer });
  return answer.ips;
}
