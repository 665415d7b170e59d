/**
 * The rules of a policy that come nearest to an event.
 *
 * @module
 */

import type { PolicyEvent } from "../protocol/event.ts";
import { explainRule, type Rule, type RulePart } from "../policy/mod.ts";

/** How many are shown. */
const SHOWN = 3;

/** A rule held against an event. */
export interface RuleView {
  /** `FILE:LINE`, or `built in`. */
  place: string;
  text: string;
  parts: RulePart[];
}

/** Holds one rule against an event. */
export function viewRule(
  rule: Rule,
  event: PolicyEvent,
  names: readonly string[],
  place: string,
): RuleView {
  return { place, text: rule.text, parts: explainRule(rule, event, names) };
}

/**
 * The rules that come nearest, the nearest first: those that fit the name or address before all
 * others, then by the number of parts that fail.
 *
 * @param place names the place of the rule with that index
 */
export function closestRules(
  rules: readonly Rule[],
  event: PolicyEvent,
  names: readonly string[],
  place: (index: number) => string,
): RuleView[] {
  return rules
    .map((rule, index) => ({ rule, index, failures: failuresOf(explainRule(rule, event, names)) }))
    .sort((a, b) => a.failures - b.failures || a.index - b.index)
    .slice(0, SHOWN)
    .map(({ rule, index }) => viewRule(rule, event, names, place(index)));
}

/** A rule for another name is further away than any rule for this one. */
const WEIGHT: Record<string, number> = {
  name: 100,
  address: 100,
  kind: 10,
  scheme: 5,
  protocol: 5,
};

function failuresOf(parts: readonly RulePart[]): number {
  return parts.reduce((sum, { part, ok }) => sum + (ok ? 0 : WEIGHT[part] ?? 1), 0);
}
