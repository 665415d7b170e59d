/**
 * What came of the attacks, as a whole.
 *
 * @module
 */

import type { AttackResult } from "./judge.ts";

/** The findings. */
export interface AttackReport {
  /** What was attacked: `egress run`, or the egress that guards the machine. */
  target: "run" | "machine";
  /** Nothing got through, what is allowed did, and something was tested. */
  ok: boolean;
  attacks: AttackResult[];
  /** A request to an allowed host got through; if not, nothing that was blocked says anything. Of `run` only. */
  allowed?: boolean;
  /** What egress said on stderr. */
  said: string;
  seconds: number;
}
