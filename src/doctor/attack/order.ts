/**
 * What `driver.py` is told: the attacks, where each goes, and the word that it carries. Pure.
 *
 * @module
 */

import { LINK, NAMESERVER } from "../../demo/hosts.ts";
import type { Attack } from "./attacks.ts";
import type { Target } from "./sink.ts";

/** An attack with where it goes and the word that it carries. */
export interface Aimed {
  attack: Attack;
  target: Target;
  /** Lower-case letters and digits, at most 63: it is a label of names, too. */
  word: string;
}

/** The network in which they run. */
export interface Ground {
  /** Network link towards the sink. */
  uplink: string;
  /** The attacker's own address on it, the next hop's, and one that nobody has. */
  client: string;
  gateway: string;
  other: string;
  nameserver: string;
}

/** The client's side of the demo's internet. */
export const DEMO_GROUND: Ground = {
  uplink: "uplink",
  client: LINK.client,
  gateway: LINK.world,
  other: "192.0.2.77",
  nameserver: NAMESERVER,
};

/**
 * The order, as JSON: all at once, then one after the other those that want to be alone.
 *
 * @param underEgress whether there is egress around whose own processes may be attacked
 * @param allowed word of a request to an allowed host that is made first
 */
export function orderFor(
  aimed: readonly Aimed[],
  ground: Ground,
  { underEgress = false, allowed }: { underEgress?: boolean; allowed?: string } = {},
): string {
  const request = allowed === undefined
    ? undefined
    : { shell: 'curl -sSk -m 20 "https://site.test/$TOKEN"', v4: "", v6: "", word: allowed };
  return JSON.stringify({
    environment: {
      UPLINK: ground.uplink,
      CLIENT: ground.client,
      GATEWAY: ground.gateway,
      OTHER_CLIENT: ground.other,
      NAMESERVER: ground.nameserver,
      UNDER_EGRESS: underEgress ? "1" : "",
    },
    first: request,
    attacks: aimed.map(({ attack: { shell, python, alone = false }, target, word }) => ({
      shell,
      python,
      alone,
      ...target,
      word,
    })),
  });
}
