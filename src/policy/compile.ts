/**
 * Rules compiled once for many decisions.
 *
 * @module
 */

import { type Block, parseBlock, parseIpv4 } from "./address.ts";
import { type AttrTest, compileAttrs } from "./attrs.ts";
import { AddressIndex, NameIndex } from "./indexes.ts";
import { type HostPattern, isHostProblem, parseHostPattern } from "./names.ts";
import { compilePath, joinPaths, type PathPattern } from "./path.ts";
import type { Rule } from "./types.ts";
import { splitRuleUrl } from "./url.ts";

/** What a url or path rule selects besides host, port and process. */
export interface UrlTest {
  scheme: "http" | "https";
  /** The host is an IPv4 address, which is the rule's `block`. */
  address: boolean;
  path: PathPattern;
  /** null: every method. */
  methods: ReadonlySet<string> | null;
}

/** A rule with its tests ready. */
export interface CompiledRule {
  /** Index in the rules that were compiled. */
  index: number;
  rule: Rule;
  /** Host name or wildcard; null for addresses. */
  host: HostPattern | null;
  /** The block of ip and cidr rules; the address of a URL whose host is one. */
  block: Block | null;
  /** url and path rules. */
  url: UrlTest | null;
  attrs: AttrTest[];
  /** Selects only requests that carry the job's own token: each of them has to be judged. */
  token: boolean;
}

/** A compiled policy: immutable, to be shared by any number of engines. */
export interface CompiledPolicy {
  rules: CompiledRule[];
  /** host and wildcard rules. */
  hosts: NameIndex;
  /** ip and cidr rules. */
  blocks: AddressIndex;
  /** url and path rules with a host name. */
  urls: NameIndex;
  /** url and path rules whose host is an address. */
  urlAddresses: AddressIndex;
  /** dns and dns_wildcard rules. */
  lookups: NameIndex;
  /** host and wildcard rules with passthrough. */
  passthrough: NameIndex;
  /** Rules of every kind with insecure. */
  insecureNames: NameIndex;
  insecureBlocks: AddressIndex;
  /** Some rule asks for a token. */
  asksForToken: boolean;
}

/**
 * Compiles rules into indexes. A rule that is none (a target that its type does not allow, from
 * outside the parser) selects nothing.
 *
 * @param rules in text order, as `parsePolicy` gives them
 */
export function compilePolicy(rules: readonly Rule[]): CompiledPolicy {
  const policy: CompiledPolicy = {
    rules: rules.map(compileRule),
    hosts: new NameIndex(),
    blocks: new AddressIndex(),
    urls: new NameIndex(),
    urlAddresses: new AddressIndex(),
    lookups: new NameIndex(),
    passthrough: new NameIndex(),
    insecureNames: new NameIndex(),
    insecureBlocks: new AddressIndex(),
    asksForToken: false,
  };
  for (const rule of policy.rules) addToIndexes(policy, rule);
  return policy;
}

function addToIndexes(policy: CompiledPolicy, compiled: CompiledRule) {
  const { rule, url, block } = compiled;
  policy.asksForToken ||= compiled.token;
  if (url?.address) policy.urlAddresses.add(compiled);
  else if (url) policy.urls.add(compiled);
  else if (block) policy.blocks.add(compiled);
  else if (rule.type === "dns" || rule.type === "dns_wildcard") policy.lookups.add(compiled);
  else policy.hosts.add(compiled);
  if (rule.passthrough && !url && !block) policy.passthrough.add(compiled);
  if (!rule.insecure) return;
  if (block) policy.insecureBlocks.add(compiled);
  else policy.insecureNames.add(compiled);
}

/** Compiles one rule; `index` is its place among its policy's rules. */
export function compileRule(rule: Rule, index: number): CompiledRule {
  const none = { index, rule, host: null, block: null, url: null };
  const token = Object.hasOwn(rule.attrs, "token");
  const compiled = { ...none, attrs: compileAttrs(rule.attrs), token };
  switch (rule.type) {
    case "url":
      return { ...compiled, ...compileUrl(rule, rule.target, "") };
    case "path":
      return { ...compiled, ...compileUrl(rule, rule.urlBase ?? "", rule.target) };
    case "cidr":
      return { ...compiled, block: parseBlock(rule.target) };
    case "ip":
      return { ...compiled, block: singleAddress(rule.target) };
    default:
      return { ...compiled, host: hostPattern(rule.target) };
  }
}

function compileUrl(rule: Rule, base: string, below: string) {
  const url = splitRuleUrl(base);
  if (!url) return {};
  const block = singleAddress(url.host);
  const path = rule.type === "path" ? joinPaths(url.path, below) : url.path;
  const methods = rule.methods?.includes("*") ? null : new Set(rule.methods);
  return {
    host: block === null ? hostPattern(url.host) : null,
    block,
    url: { scheme: url.scheme, address: block !== null, path: compilePath(path), methods },
  };
}

function singleAddress(text: string): Block | null {
  const network = parseIpv4(text);
  return network === null ? null : { network, bits: 32 };
}

function hostPattern(text: string): HostPattern | null {
  const pattern = parseHostPattern(text);
  return isHostProblem(pattern) ? null : pattern;
}

/** Is the port among the rule's? */
export function portFits(rule: Rule, port: number): boolean {
  return rule.port === "*" || rule.port.includes(port);
}
