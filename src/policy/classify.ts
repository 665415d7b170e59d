/**
 * From a rule's line to a complete rule: its kind, and what it takes from its section.
 *
 * @module
 */

import { parseBlock } from "./address.ts";
import type { HostRuleNode, PathRuleNode, RuleNode, UrlRuleNode } from "./grammar.js";
import { readAttrs, readHost, readPorts } from "./parts.ts";
import { LineProblem } from "./problem.ts";
import { type Section, urlPorts } from "./section.ts";
import type { PortList, Rule } from "./types.ts";

/**
 * Completes a rule.
 *
 * @param line its number, from 1
 * @param text its own source text
 * @throws {LineProblem}
 */
export function ruleOf(node: RuleNode, section: Section, line: number, text: string): Rule {
  const rule = kindOf(node, section);
  if (node.attrs.length > 0) rule.attrs = { ...rule.attrs, ...readAttrs(node.attrs) };
  if (node.flags.length > 0 || rule.passthrough || rule.insecure) applyFlags(node, rule);
  if (Object.hasOwn(rule.attrs, "token")) checkToken(node, rule);
  rule.line = line;
  rule.text = text;
  return rule;
}

function kindOf(node: RuleNode, section: Section): Rule {
  switch (node.kind) {
    case "url":
      return urlRule(node, section);
    case "path":
      return pathRule(node, section);
    case "host":
      return hostRule(node, section);
  }
}

/** What rules of every kind take from their section. */
function inherit(section: Section, type: Rule["type"], target: string, port: PortList): Rule {
  return {
    type,
    target,
    port,
    protocol: "tcp",
    methods: null,
    urlBase: null,
    attrs: section.attrs,
    passthrough: section.passthrough,
    insecure: section.insecure,
    line: 0,
    text: "",
  };
}

function urlRule(node: UrlRuleNode, section: Section): Rule {
  const port = urlPorts(node);
  if (node.path === null) {
    throw new LineProblem(
      "url-without-path",
      node.at,
      "a URL rule needs a path",
      `for every path write \`${node.text}/*\`, for everything on the host \`${node.host}\``,
    );
  }
  const rule = inherit(section, "url", node.text, port);
  rule.methods = node.methods ?? section.methods;
  return rule;
}

function pathRule(node: PathRuleNode, section: Section): Rule {
  if (section.base === null) {
    throw new LineProblem(
      "path-without-base",
      0,
      "a path rule needs a header with a base URL above it",
      "put `[https://host]` above, or write the whole URL",
    );
  }
  const rule = inherit(section, "path", node.path, section.port);
  rule.methods = node.methods ?? section.methods;
  rule.urlBase = section.base;
  return rule;
}

function hostRule(node: HostRuleNode, section: Section): Rule {
  const port = node.ports ? readPorts(node.ports) : section.port;
  const rule = inherit(section, hostType(node), node.target, port);
  rule.protocol = node.ports?.proto ?? section.protocol;
  return rule;
}

function hostType(node: HostRuleNode): Rule["type"] {
  if (node.target.includes("/")) return checkedBlock(node);
  const pattern = readHost(node.target, node.at);
  const wildcard = pattern !== null && (pattern.deep || pattern.label !== null);
  if (!node.dns) return pattern === null ? "ip" : wildcard ? "wildcard" : "host";
  if (pattern === null) {
    throw new LineProblem("host-name", node.at, "`dns:` admits lookups of a name, not an address");
  }
  return wildcard ? "dns_wildcard" : "dns";
}

function checkedBlock(node: HostRuleNode): "cidr" {
  if (!node.dns && parseBlock(node.target)) return "cidr";
  throw new LineProblem(
    "address",
    node.at,
    `\`${node.target}\` is no IPv4 block: ADDRESS/MASK with a mask of 0 to 32`,
  );
}

function applyFlags(node: RuleNode, rule: Rule) {
  const { flags } = node;
  if (new Set(flags).size < flags.length) {
    throw new LineProblem("syntax", 0, `\`${flags[0]}\` stands here twice`);
  }
  rule.passthrough ||= flags.includes("passthrough");
  rule.insecure ||= flags.includes("insecure");
  if (rule.passthrough && rule.insecure) {
    throw new LineProblem(
      "passthrough-insecure",
      0,
      "passthrough and insecure exclude each other: what is not decrypted is not verified either",
    );
  }
  if (rule.passthrough && rule.type !== "host" && rule.type !== "wildcard") {
    throw new LineProblem(
      "passthrough-target",
      0,
      `passthrough needs a host name or wildcard; this is a rule of kind ${rule.type}`,
    );
  }
  if (rule.insecure && rule.type.startsWith("dns")) {
    throw new LineProblem(
      "insecure-target",
      0,
      "a dns rule admits lookups, which have no certificate",
    );
  }
}

/** Kinds of rules that can look at a request, and so at its token. */
const SEES_REQUESTS: readonly Rule["type"][] = ["host", "wildcard", "url", "path"];

/** A token is seen in a decrypted request alone. */
function checkToken(node: RuleNode, rule: Rule) {
  const at = node.attrs.find(({ name }) => name === "token")?.at ?? 0;
  if (rule.passthrough) {
    throw new LineProblem(
      "token-passthrough",
      at,
      "passthrough and token=job exclude each other: what is not decrypted shows no token",
      "leave out one of them",
    );
  }
  if (rule.protocol === "tcp" && SEES_REQUESTS.includes(rule.type)) return;
  const kind = rule.protocol === "udp" ? "for udp" : `of kind ${rule.type}`;
  throw new LineProblem(
    "token-target",
    at,
    `token=job is about HTTP requests to a host name or URL; this is a rule ${kind}`,
  );
}
