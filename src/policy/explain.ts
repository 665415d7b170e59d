/**
 * Why a rule does or does not select an event, part by part.
 *
 * @module
 */

import type { PolicyEvent } from "../protocol/event.ts";
import { maskTo, parseIpv4 } from "./address.ts";
import { type CompiledRule, compileRule, portFits } from "./compile.ts";
import { formatPorts } from "./format.ts";
import { eventName, hostMatches } from "./names.ts";
import { pathMatches } from "./path.ts";
import type { Rule } from "./types.ts";
import { parseRequestUrl, type RequestUrl } from "./url.ts";

/** One part of a rule held against an event. */
export interface RulePart {
  /** `kind`, `address`, `name`, `scheme`, `port`, `protocol`, `method`, `path`, `token`, or an attribute. */
  part: string;
  ok: boolean;
  /** What the rule wants and what the event has. */
  detail: string;
}

/**
 * Holds every part of a rule against an event. All must be `ok` for the rule to select it.
 *
 * ```ts
 * import { explainRule } from "./explain.ts";
 * import { parsePolicy } from "./parse.ts";
 *
 * const [rule] = parsePolicy("github.com:22").rules;
 * const event = { type: "https", dst_ip: "192.0.2.1", dst_port: 443, host: "github.com" } as const;
 * const wrong = explainRule(rule!, event).filter((part) => !part.ok);
 * if (wrong[0]!.detail !== "wants 22, is 443") throw new Error("not reached");
 * ```
 *
 * @param names names known for the destination from lookups, for events that bring none
 */
export function explainRule(
  rule: Rule,
  event: PolicyEvent,
  names: readonly string[] = [],
): RulePart[] {
  const compiled = compileRule(rule, 0);
  const url = event.url === undefined ? null : parseRequestUrl(event.url);
  return [
    ...kindParts(compiled, event),
    targetPart(compiled, event, eventNames(event, url, names)),
    ...(event.type === "dns" && !isBlock(compiled) ? [] : transportParts(rule, event)),
    ...(compiled.url && url ? urlParts(compiled, event, url) : []),
    ...(compiled.token ? tokenParts(event) : []),
    ...compiled.attrs.map((attr) => ({
      part: attr.name,
      ok: attr.matches(event),
      detail: `wants ${rule.attrs[attr.name]!.text}, is ${processText(attr.name, event)}`,
    })),
  ];
}

function isBlock(compiled: CompiledRule): boolean {
  return compiled.block !== null && compiled.url === null;
}

function kindParts({ rule }: CompiledRule, event: PolicyEvent): RulePart[] {
  if (!rule.type.startsWith("dns")) return [];
  return [{
    part: "kind",
    ok: event.type === "dns",
    detail: `admits lookups, never connections; the event is ${event.type}`,
  }];
}

function eventNames(
  event: PolicyEvent,
  url: RequestUrl | null,
  looked: readonly string[],
): string[] {
  const own = event.type === "dns" ? event.name : url ? url.name ?? url.address : event.host;
  const all = own ? [own] : looked;
  return all.map(eventName).filter((name) => name !== null);
}

function targetPart({ rule, host, block }: CompiledRule, event: PolicyEvent, names: string[]) {
  if (block) {
    const address = parseIpv4(event.dst_ip);
    const ok = address !== null &&
      maskTo(address, block.bits) === maskTo(block.network, block.bits);
    return { part: "address", ok, detail: `wants ${rule.target}, is ${event.dst_ip}` };
  }
  const ok = host !== null && names.some((name) => hostMatches(host, name));
  const wanted = rule.type === "path" ? rule.urlBase : rule.target;
  return { part: "name", ok, detail: `wants ${wanted}, is ${names.join(", ") || "not known"}` };
}

function transportParts(rule: Rule, event: PolicyEvent): RulePart[] {
  const protocol = event.type === "udp" || event.type === "dns" ? "udp" : "tcp";
  return [
    {
      part: "port",
      ok: portFits(rule, event.dst_port),
      detail: `wants ${formatPorts(rule.port)}, is ${event.dst_port}`,
    },
    {
      part: "protocol",
      ok: rule.protocol === protocol,
      detail: `wants ${rule.protocol}, is ${protocol}`,
    },
  ];
}

function urlParts({ rule, url: test }: CompiledRule, event: PolicyEvent, url: RequestUrl) {
  const method = (event.method || "GET").toUpperCase();
  const paths = url.readings?.map((reading) => `/${reading.join("/")}`) ?? ["not clear"];
  return [
    {
      part: "scheme",
      ok: test!.scheme === url.scheme,
      detail: `wants ${test!.scheme}, is ${url.scheme}`,
    },
    {
      part: "method",
      ok: test!.methods === null || test!.methods.has(method),
      detail: `wants ${rule.methods?.join("|")}, is ${method}`,
    },
    {
      part: "path",
      ok: url.readings?.every((reading) => pathMatches(test!.path, reading)) ?? false,
      detail: `wants ${rule.target}, is ${paths.join(" and also ")}`,
    },
  ];
}

/** A lookup, and a handshake that will be decrypted, come before any token. */
function tokenParts(event: PolicyEvent): RulePart[] {
  const request = event.url !== undefined;
  if (event.type === "dns" || (!request && event.intercept === true)) return [];
  const ok = request && event.token === "job";
  return [{ part: "token", ok, detail: `wants job, is ${event.token || "not known"}` }];
}

function processText(name: string, event: PolicyEvent): string {
  if (name.startsWith("arg")) return event.cmdline?.join(" ") || "not known";
  const key = name as "exe" | "step" | "action" | "cgroup" | "image";
  return event[key] || "not known";
}
