/**
 * A verdict that covers further requests of a connection.
 *
 * @module
 */

import type { Verdict } from "../../protocol/mod.ts";
import type { State } from "./proxy.ts";

/** The last verdict that holds for all requests to one host, until held verdicts are revoked. */
export class HeldVerdict {
  #verdict: Verdict | undefined;
  #host = "";
  #epoch = -1;

  constructor(readonly state: Pick<State, "epoch">) {}

  /**
   * Keeps a verdict that holds for all requests to a host. Only one that allows: a denial's hint names
   * its own URL.
   */
  keep(verdict: Verdict, host: string): void {
    if (verdict.hold !== "connection" || verdict.policy !== "allow") return;
    this.#verdict = verdict;
    this.#host = host;
    this.#epoch = this.state.epoch;
  }

  /** The verdict for a request to `host`, if one is held. */
  for(host: string): Verdict | undefined {
    return this.#epoch === this.state.epoch && this.#host === host ? this.#verdict : undefined;
  }
}
