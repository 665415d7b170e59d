/**
 * Rules for observations.
 *
 * @module
 */

import type { PolicyEvent } from "../../protocol/event.ts";
import { quoteValue } from "../hint.ts";
import { foldHosts } from "./hosts.ts";
import { type Form, isAddress, type Observation } from "./observe.ts";
import type { Scope } from "./options.ts";
import { generalisePaths } from "./paths.ts";

/** An observation and the form that its rule takes. */
export interface Choice {
  seen: Observation;
  form: Form;
}

/** A rule without its attribute, and what it is for. */
export interface DraftRule {
  text: string;
  /** Value of the scope's attribute. */
  owner: string;
  /** Host, wildcard or address: rules are grouped by it. */
  host: string;
  seen: Observation[];
}

/** What rules are written with. */
export interface RuleContext {
  wildcards: boolean;
  /** Owner and name of the repository. */
  repository: readonly [string, string] | null;
}

/** Writes the rules for all choices; rules that say the same are joined. */
export function draftRules(choices: readonly Choice[], context: RuleContext): DraftRule[] {
  const rules = new Map<string, DraftRule>();
  const add = (text: string, host: string, seen: readonly Observation[]) => {
    const owner = seen[0]!.owner;
    const key = `${owner}\0${text}`;
    const rule = rules.get(key);
    if (rule) rule.seen.push(...seen);
    else rules.set(key, { text, owner, host, seen: [...seen] });
  };
  const folded = context.wildcards ? foldedHosts(choices) : new Map<string, string>();
  const hostOf = ({ seen }: Choice) => folded.get(familyOf(seen) + seen.name) ?? seen.name ?? "";
  for (const choice of choices) {
    const { seen, form } = choice;
    if (form === "url") continue;
    const host = form === "address" ? seen.event.dst_ip : hostOf(choice);
    add(form === "dns" ? `dns:${host}` : wholeRule(host, seen.event), host, [seen]);
  }
  for (const group of groupBy(choices.filter(({ form }) => form === "url"), originOf(hostOf))) {
    for (const rule of urlRules(group.key, group.items, context)) {
      add(rule.text, hostOf(group.items[0]!), rule.seen);
    }
  }
  return [...rules.values()];
}

/** The rule's text with the attribute that ties it to its owner. */
export function withOwner(rule: DraftRule, scope: Scope): string {
  return rule.owner === "" ? rule.text : `${rule.text} ${scope}=${quoteValue(rule.owner)}`;
}

/** Rules for the resolvers that lookups were sent to. */
export function resolverRule(event: PolicyEvent): string | null {
  return isAddress(event.dst_ip) ? `${event.dst_ip}:${event.dst_port}/udp` : null;
}

function wholeRule(host: string, event: PolicyEvent): string {
  const udp = event.type === "udp";
  const port = event.dst_port === 443 && !udp ? "" : `:${event.dst_port}`;
  const tunnel = event.type === "https" && event.url === undefined && event.intercept === false;
  const passthrough = tunnel && !isAddress(host) ? " passthrough" : "";
  return `${host}${port}${udp ? "/udp" : ""}${passthrough}`;
}

function originOf(hostOf: (choice: Choice) => string): (choice: Choice) => string {
  return (choice) => {
    const { event, owner } = choice.seen;
    const scheme = event.url!.slice(0, 6).toLowerCase() === "https:" ? "https" : "http";
    const standard = scheme === "https" ? 443 : 80;
    const port = event.dst_port === standard ? "" : `:${event.dst_port}`;
    return `${owner}\0${scheme}://${hostOf(choice)}${port}`;
  };
}

/** URL rules of one origin: paths generalised method by method, then methods joined. */
function urlRules(key: string, choices: readonly Choice[], context: RuleContext) {
  const origin = key.slice(key.indexOf("\0") + 1);
  const methods = new Map<string, { methods: string[]; seen: Set<Observation> }>();
  for (const { key: method, items } of groupBy(choices, ({ seen }) => methodOf(seen.event))) {
    const all = items.flatMap(({ seen }) => rulePaths(seen, context));
    for (const path of generalisePaths(all).map((segments) => `/${segments.join("/")}`)) {
      const known = methods.get(path) ?? { methods: [], seen: new Set() };
      known.methods.push(method);
      for (const { seen } of items) known.seen.add(seen);
      methods.set(path, known);
    }
  }
  return [...methods].map(([path, { methods, seen }]) => ({
    text: `${methods.sort().join("|")} ${origin}${path}`,
    seen: [...seen],
  }));
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];

/** Methods that a rule cannot name need one for all. */
function methodOf({ method }: PolicyEvent): string {
  const upper = (method || "GET").toUpperCase();
  return METHODS.includes(upper) ? upper : "*";
}

function rulePaths({ paths }: Observation, { repository }: RuleContext): string[][] {
  return paths.map((path) => {
    // What a rule's path cannot hold becomes `*`.
    const segments = path.map((segment) => segment.replace(/[^A-Za-z0-9_.~*%+-]+/g, "*"));
    return repository ? withPlaceholders(segments, repository) : segments;
  });
}

function withPlaceholders(segments: string[], [owner, repo]: readonly [string, string]): string[] {
  const at = segments.findIndex((segment, index) => {
    const next = segments[index + 1];
    return segment === owner && (next === repo || next === `${repo}.git`);
  });
  if (at < 0) return segments;
  const git = segments[at + 1] === repo ? "" : ".git";
  return segments.with(at, "{owner}").with(at + 1, `{repo}${git}`);
}

function foldedHosts(choices: readonly Choice[]): Map<string, string> {
  const named = choices.filter(({ seen, form }) =>
    form !== "address" && !isAddress(seen.name ?? "")
  );
  const folded = new Map<string, string>();
  for (const { key, items } of groupBy(named, ({ seen }) => familyOf(seen))) {
    for (const [host, wildcard] of foldHosts(items.map(({ seen }) => seen.name!))) {
      folded.set(key + host, wildcard);
    }
  }
  return folded;
}

/** Hosts are siblings only if they were reached alike, by the same owner. */
function familyOf({ event, owner }: Observation): string {
  return [owner, event.type, event.dst_port, ""].join("\0");
}

/** Items by a key, in the order in which the keys come. */
export function groupBy<T>(items: Iterable<T>, keyOf: (item: T) => string) {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups].map(([key, items]) => ({ key, items }));
}
