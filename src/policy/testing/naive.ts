/**
 * A second reading of rules, one at a time, by regular expressions and without indexes, to hold the
 * compiled matcher against. Slow and plain on purpose.
 *
 * @module
 */

import type { PolicyEvent } from "../../protocol/event.ts";
import type { AttrValue, Rule } from "../types.ts";

/** Does the rule let the connection, request or name through? Names are those of the event. */
function naiveSelects(rule: Rule, event: PolicyEvent): boolean {
  if (rule.type.startsWith("dns")) return false;
  const token = !rule.attrs.token || (event.url !== undefined && event.token === "job");
  return token && transportFits(rule, event) && attrsFit(rule, event) && targetFits(rule, event);
}

/** Index of the first rule that does; undefined: none. */
function naiveVerdict(rules: Rule[], event: PolicyEvent): number | undefined {
  const at = event.type === "dns" ? naiveLookup(rules, event) : naiveConnection(rules, event);
  return at < 0 ? undefined : at;
}

/**
 * As `naiveVerdict`, with lookups behind it: names for what brings none, and no trust in a claimed
 * name at an address that is not its own.
 */
export function naiveWithLookups(
  rules: Rule[],
  event: PolicyEvent,
  answers: readonly { name: string; ips: string[] }[],
): number | undefined {
  if (event.type === "dns") return naiveVerdict(rules, event);
  const url = event.url ? new URL(event.url) : undefined;
  const claim = url?.hostname ?? (event.type === "https" ? event.host : undefined);
  const known = answers.filter(({ name }) => name === claim).flatMap(({ ips }) => ips);
  const verified = url ? url.protocol === "https:" : event.intercept;
  if (known.length > 0 && !known.includes(event.dst_ip) && !verified) return undefined;
  if (url || (event.host && event.type !== "udp")) return naiveVerdict(rules, event);
  const names = answers.filter(({ ips }) => ips.includes(event.dst_ip)).map(({ name }) => name);
  for (const intercept of [false, event.intercept]) {
    const found = [undefined, ...names]
      .map((host) => naiveVerdict(rules, { ...event, host, intercept } as PolicyEvent))
      .filter((index) => index !== undefined);
    if (found.length > 0) return Math.min(...found);
  }
}

function naiveConnection(rules: Rule[], event: PolicyEvent): number {
  if (event.type !== "https" || event.url) return rules.findIndex((r) => naiveSelects(r, event));
  const whole = rules.findIndex((rule) => !isUrl(rule) && naiveSelects(rule, event));
  if (whole >= 0 || !event.intercept) return whole;
  return rules.findIndex((rule) => {
    const host = isUrl(rule) ? urlOf(rule).host : rule.target;
    const worthDecrypting = isUrl(rule) ? urlOf(rule).scheme === "https" : rule.attrs.token;
    return worthDecrypting && transportFits(rule, event) && attrsFit(rule, event) &&
      nameFits(host, event.host);
  });
}

function naiveLookup(rules: Rule[], event: PolicyEvent): number {
  const resolver = rules.some((rule) =>
    (rule.type === "ip" || rule.type === "cidr") && naiveSelects(rule, event)
  );
  if (!resolver) return -1;
  return rules.findIndex((rule) => {
    if (rule.type === "ip" || rule.type === "cidr") return false;
    const host = isUrl(rule) ? urlOf(rule).host : rule.target;
    return attrsFit(rule, event) && nameFits(host, event.name);
  });
}

function isUrl(rule: Rule): boolean {
  return rule.type === "url" || rule.type === "path";
}

function urlOf(rule: Rule) {
  const [, scheme, host, path] = /^(https?):\/\/([^/:]+)(?::[^/]*)?(.*)$/.exec(
    rule.urlBase ?? rule.target,
  )!;
  const whole = rule.type === "path" ? (path + rule.target).replace(/\/+/g, "/") : path!;
  return { scheme, host: host!, path: whole };
}

function transportFits(rule: Rule, event: PolicyEvent): boolean {
  const protocol = event.type === "udp" || event.type === "dns" ? "udp" : "tcp";
  const port = rule.port === "*" || rule.port.some((port) => port === event.dst_port);
  return rule.protocol === protocol && port;
}

function targetFits(rule: Rule, event: PolicyEvent): boolean {
  if (rule.type === "ip") return rule.target === event.dst_ip;
  if (rule.type === "cidr") {
    return bits(rule.target).startsWith(blockBits(event.dst_ip, rule.target));
  }
  const name = event.url ? new URL(event.url).hostname : event.host;
  if (rule.type === "host" || rule.type === "wildcard") return nameFits(rule.target, name);
  if (!event.url) return false;
  const { scheme, host, path } = urlOf(rule);
  const url = new URL(event.url);
  const method = rule.methods!.some((m) => m === "*" || m === (event.method ?? "GET"));
  return method && url.protocol === `${scheme}:` && nameFits(host, name) &&
    pathFits(path, event.url.replace(/^[a-z]+:\/\/[^/]*/, "").replace(/[?#].*$/, ""));
}

function blockBits(ip: string, block: string): string {
  return bits(ip).slice(0, Number(block.split("/")[1]));
}

function bits(address: string): string {
  return address.split("/")[0]!.split(".").map((n) => Number(n).toString(2).padStart(8, "0"))
    .join("");
}

function nameFits(pattern: string, name: string | undefined): boolean {
  if (name === undefined || /(^|\.)-|-(\.|$)/.test(name)) return false;
  const deep = pattern.startsWith("*.");
  const rest = deep ? pattern.slice(2) : pattern;
  const body = escape(rest).replaceAll("\\*", "[^.]*");
  return new RegExp(`^${deep ? "(?:[^.]+\\.)+" : ""}${body}\\.?$`, "i").test(name);
}

/** Paths without dot segments, escapes and empty segments. */
function pathFits(pattern: string, path: string): boolean {
  const plain = pattern.replace(/(.)\/$/, "$1");
  const open = plain.endsWith("/*");
  const body = (open ? plain.slice(0, -2) : plain).split("/").map((segment) =>
    segment === "*" ? "[^/]+" : escape(segment).replaceAll("\\*", "[^/]*")
  ).join("/");
  return new RegExp(`^${body === "/" ? "" : body}${open ? "(?:/.*)?" : ""}/?$`).test(path || "/");
}

function attrsFit(rule: Rule, event: PolicyEvent): boolean {
  return Object.entries(rule.attrs).every(([name, value]) => {
    if (name === "token") return true; // looked at where there is a request
    const index = /^arg\[(\d+)\]$/.exec(name);
    if (index) return valueFits(value, event.cmdline?.[Number(index[1])]);
    if (name === "arg") return event.cmdline?.some((arg) => valueFits(value, arg)) ?? false;
    return valueFits(value, event[name as "exe" | "step"] || undefined);
  });
}

function valueFits({ text, literal }: AttrValue, actual: string | undefined): boolean {
  if (actual === undefined) return false;
  if (literal) return text === actual;
  return new RegExp(`^${escape(text).replaceAll("\\*", "[^]*")}$`).test(actual);
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
