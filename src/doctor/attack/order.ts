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

/** A client's address that nobody has. */
const OTHER_CLIENT = "192.0.2.77";

/**
 * The order, as JSON: all at once, then one after the other those that want to be alone.
 *
 * @param allowed word of a request to an allowed host that is made first; absent where there is no egress
 */
export function orderFor(aimed: readonly Aimed[], allowed?: string): string {
  const request = allowed === undefined
    ? undefined
    : { shell: 'curl -sSk -m 8 "https://site.test/$TOKEN"', v4: "", v6: "", word: allowed };
  return JSON.stringify({
    environment: {
      NAMESERVER,
      CLIENT: LINK.client,
      GATEWAY: LINK.world,
      OTHER_CLIENT,
      UNDER_EGRESS: allowed === undefined ? "" : "1",
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
