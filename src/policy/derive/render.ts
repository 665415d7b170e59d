/**
 * A draft as text, ready to paste.
 *
 * @module
 */

import type { Observation } from "./observe.ts";
import type { Scope } from "./options.ts";
import { type DraftRule, groupBy, withOwner } from "./rules.ts";

/** Writes sorted, commented rules: one block for each owner and host. */
export function renderDraft(
  resolvers: readonly DraftRule[],
  rules: readonly DraftRule[],
  uncovered: readonly Observation[],
  scope: Scope,
): string {
  const blocks = groupBy(
    [...rules].sort((a, b) => compare(sortKey(a), sortKey(b))),
    (rule) => `${rule.owner}\0${rule.host}`,
  ).map(({ items }) => block(items[0]!.host, items, scope));
  const lookups = resolvers.length === 0 ? [] : [block("name lookups", resolvers, scope)];
  const rest = uncovered.length === 0 ? [] : [uncoveredBlock(uncovered)];
  return [...lookups, ...blocks, ...rest].join("\n");
}

function block(title: string, rules: readonly DraftRule[], scope: Scope): string {
  const seen = new Set(rules.flatMap((rule) => rule.seen));
  const lines = rules.map((rule) => `${withOwner(rule, scope)}\n`);
  return `# ${title}: ${summary([...seen])}\n${lines.join("")}`;
}

function summary(seen: readonly Observation[]): string {
  const count = seen.reduce((sum, one) => sum + one.count, 0);
  const exes = [...new Set(seen.flatMap(({ exes }) => [...exes]))].sort();
  const shown = exes.slice(0, 4).map(comment).join(", ");
  const more = exes.length > 4 ? ` and ${exes.length - 4} more` : "";
  return `${count} ${count === 1 ? "event" : "events"}, by ${shown}${more}`;
}

function uncoveredBlock(uncovered: readonly Observation[]): string {
  const lines = uncovered.slice(0, 50).map(({ event, count }) => {
    const what = event.url ?? event.name ?? `${event.type} ${event.dst_ip}:${event.dst_port}`;
    return `#   ${comment(what)} (${count})\n`;
  });
  const more = uncovered.length > 50 ? `#   and ${uncovered.length - 50} more\n` : "";
  return `# no rule can allow:\n${lines.join("")}${more}`;
}

/** Text from outside must not end the comment. */
function comment(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, "?").slice(0, 500);
}

/** Hosts side by side with their siblings: compared from the last label. */
function sortKey({ owner, host, text }: DraftRule): string {
  return [owner, host.split(".").reverse().join("."), text].join("\0");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
