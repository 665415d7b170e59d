/**
 * What came of each attack, told from what arrived alone. Pure.
 *
 * @module
 */

import type { Received } from "../../demo/received.ts";
import type { Aimed } from "./order.ts";

/** Everything that arrived while a set of attacks ran. */
export interface Arrivals {
  received: readonly Received[];
  /** Packets by address, before and after. */
  before: ReadonlyMap<string, number>;
  after: ReadonlyMap<string, number>;
}

/** What came of one. */
export interface AttackResult {
  name: string;
  /** untested: it does not arrive without egress either, so that nothing is shown. */
  result: "blocked" | "passed" | "untested";
  /** It needs root. */
  root: boolean;
}

/** Whether an attack arrived. */
export function arrived({ attack, target, word }: Aimed, arrivals: Arrivals): boolean {
  if (attack.shows === "word") return arrivedWord(word, arrivals);
  const { before, after } = arrivals;
  return [target.v4, target.v6].some((address) =>
    (after.get(address) ?? 0) > (before.get(address) ?? 0)
  );
}

/** Whether a server received that word. */
export function arrivedWord(word: string, { received }: Arrivals): boolean {
  return received.some((item) => JSON.stringify(item).includes(word));
}

/**
 * Compares what arrived under egress with what arrived without it.
 *
 * @param control the attacks as they were aimed without egress
 * @param trial the same, in the same order, under egress
 */
export function judge(
  control: { aimed: readonly Aimed[]; arrivals: Arrivals },
  trial: { aimed: readonly Aimed[]; arrivals: Arrivals },
): AttackResult[] {
  return trial.aimed.map((aimed, index) => {
    const { name, root = false } = aimed.attack;
    if (arrived(aimed, trial.arrivals)) return { name, result: "passed", root };
    const reference = control.aimed[index];
    const works = reference !== undefined && arrived(reference, control.arrivals);
    return { name, result: works ? "blocked" : "untested", root };
  });
}

/**
 * What came of attacks that could not be tried without egress.
 *
 * @param reachable whether what is sent to the sink would arrive there
 */
export function judgeReachable(
  trial: { aimed: readonly Aimed[]; arrivals: Arrivals },
  reachable: boolean,
): AttackResult[] {
  return trial.aimed.map((aimed) => {
    const { name, root = false } = aimed.attack;
    const passed = arrived(aimed, trial.arrivals);
    return { name, result: passed ? "passed" : reachable ? "blocked" : "untested", root };
  });
}

/** Whether egress held: nothing passed, something was tested, and what is allowed did get through. */
export function holds(attacks: readonly AttackResult[], allowed = true): boolean {
  return allowed && attacks.some(({ result }) => result === "blocked") &&
    attacks.every(({ result }) => result !== "passed");
}
