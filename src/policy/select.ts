/**
 * Which rule selects an event, given the names that it has.
 *
 * @module
 */

import type { PolicyEvent } from "../protocol/event.ts";
import { parseIpv4 } from "./address.ts";
import { type CompiledPolicy, type CompiledRule, portFits } from "./compile.ts";
import { type Accept, earlier } from "./indexes.ts";
import { pathMatches } from "./path.ts";
import type { RequestUrl } from "./url.ts";

/** A connection as rules see it. */
export interface Target {
  event: PolicyEvent;
  protocol: "tcp" | "udp";
  /** 1..65535; 0: the event has none, and no rule's port fits. */
  port: number;
  /** IPv4 destination as a number; null: none. */
  address: number | null;
  /** Names that count, from `eventName`. */
  names: readonly string[];
  /** The host is no name but the destination itself, so that URLs with an address count. */
  byAddress?: boolean;
  /** A request that carries the job's own token; rules with `token=job` count. */
  jobToken?: boolean;
}

/** Reads port and destination of an event; both may hold anything. */
export function targetOf(
  event: PolicyEvent,
  protocol: "tcp" | "udp",
  names: readonly string[],
): Target {
  const { dst_port: port, dst_ip: ip } = event;
  const valid = Number.isInteger(port) && port >= 1 && port <= 65535;
  return { event, protocol, port: valid ? port : 0, address: parseIpv4(ip), names };
}

/**
 * Do port, protocol and attributes of a rule fit?
 *
 * @param anyToken requests are still to come, so that a rule that asks for a token is not yet refuted
 */
export function acceptBy(target: Target, anyToken = target.jobToken === true): Accept {
  const { event, port, protocol } = target;
  return (compiled) =>
    port !== 0 && (anyToken || !compiled.token) && compiled.rule.protocol === protocol &&
    portFits(compiled.rule, port) && attrsFit(compiled, event);
}

/** Do the attributes of a rule fit that are about the process? */
export function attrsFit(compiled: CompiledRule, event: PolicyEvent): boolean {
  if (event.resolver && event.type === "dns") return true;
  for (const attr of compiled.attrs) {
    if (!attr.matches(event)) return false;
  }
  return true;
}

/** The first host, wildcard, ip or cidr rule: one that lets the whole connection through. */
export function selectWhole(policy: CompiledPolicy, target: Target): CompiledRule | undefined {
  const accept = acceptBy(target);
  let best = policy.blocks.first(target.address, accept);
  for (const name of target.names) best = earlier(best, policy.hosts.first(name, accept));
  return best;
}

/**
 * The first rule that may select a request of the connection: a url or path rule for its host, whatever
 * its methods and paths, or a rule that asks for a token.
 */
export function selectByRequests(
  policy: CompiledPolicy,
  target: Target,
  scheme: "http" | "https",
): CompiledRule | undefined {
  const fits = acceptBy(target, true);
  const accept: Accept = (rule) => rule.url!.scheme === scheme && fits(rule);
  const asksForToken: Accept = (rule) => rule.token && fits(rule);
  let best: CompiledRule | undefined;
  for (const name of target.names) {
    best = earlier(best, policy.urls.first(name, accept));
    best = earlier(best, policy.hosts.first(name, asksForToken));
  }
  return target.byAddress ? earlier(best, policy.urlAddresses.first(target.address, accept)) : best;
}

/**
 * The rule that lets a request through: the first that allows every reading of its path, else, if
 * other rules allow each reading, the first of them.
 *
 * @param method upper case
 */
export function selectRequest(
  policy: CompiledPolicy,
  target: Target,
  url: RequestUrl,
  method: string,
): CompiledRule | undefined {
  const whole = selectWhole(policy, target);
  const { readings } = url;
  if (readings === null) return whole;
  const single = earlier(whole, selectUrl(policy, target, url, method, readings));
  if (single || readings.length === 1) return single;
  let best: CompiledRule | undefined;
  for (const reading of readings) {
    const rule = selectUrl(policy, target, url, method, [reading]);
    if (!rule) return undefined;
    best = earlier(best, rule);
  }
  return best;
}

/** The first url or path rule that fits method and all of these readings. */
function selectUrl(
  policy: CompiledPolicy,
  target: Target,
  url: RequestUrl,
  method: string,
  readings: string[][],
): CompiledRule | undefined {
  const fits = acceptBy(target);
  const accept: Accept = (rule) => {
    const test = rule.url!;
    return test.scheme === url.scheme && (test.methods === null || test.methods.has(method)) &&
      fits(rule) && readings.every((reading) => pathMatches(test.path, reading));
  };
  let best: CompiledRule | undefined;
  for (const name of target.names) best = earlier(best, policy.urls.first(name, accept));
  return target.byAddress ? earlier(best, policy.urlAddresses.first(target.address, accept)) : best;
}

/** The first rule whose host admits the lookup of a name; ports and protocols do not matter. */
export function selectLookup(
  policy: CompiledPolicy,
  event: PolicyEvent,
  name: string,
): CompiledRule | undefined {
  const accept: Accept = (rule) => attrsFit(rule, event);
  const connections = earlier(policy.hosts.first(name, accept), policy.urls.first(name, accept));
  return earlier(connections, policy.lookups.first(name, accept));
}
