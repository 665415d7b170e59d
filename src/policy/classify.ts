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
import type { Rule } from "./types.ts";

/** What the kinds differ in. */
type Kind = Pick<Rule, "type" | "target" | "port" | "protocol" | "methods" | "urlBase">;

/**
 * Completes a rule.
 *
 * @param line its number, from 1
 * @throws {LineProblem}
 */
export function ruleOf(node: RuleNode, section: Section, line: number): Rule {
  const kind = kindOf(node, section);
  const own = node.attrs.length === 0 ? null : readAttrs(node.attrs);
  return {
    ...kind,
    attrs: own ? { ...section.attrs, ...own } : section.attrs,
    ...flagsOf(node, kind.type, section),
    line,
    text: node.source,
  };
}

function kindOf(node: RuleNode, section: Section): Kind {
  switch (node.kind) {
    case "url":
      return urlKind(node, section);
    case "path":
      return pathKind(node, section);
    case "host":
      return hostKind(node, section);
  }
}

function urlKind(node: UrlRuleNode, section: Section): Kind {
  const port = urlPorts(node);
  if (node.path === null) {
    throw new LineProblem(
      "url-without-path",
      node.at,
      "a URL rule needs a path",
      `for every path write \`${node.text}/*\`, for everything on the host \`${node.host}\``,
    );
  }
  return {
    type: "url",
    target: node.text,
    port,
    protocol: "tcp",
    methods: node.methods ?? section.methods,
    urlBase: null,
  };
}

function pathKind(node: PathRuleNode, section: Section): Kind {
  if (section.base === null) {
    throw new LineProblem(
      "path-without-base",
      0,
      "a path rule needs a header with a base URL above it",
      "put `[https://host]` above, or write the whole URL",
    );
  }
  return {
    type: "path",
    target: node.path,
    port: section.port,
    protocol: "tcp",
    methods: node.methods ?? section.methods,
    urlBase: section.base,
  };
}

function hostKind(node: HostRuleNode, section: Section): Kind {
  return {
    type: hostType(node),
    target: node.target,
    port: node.ports ? readPorts(node.ports) : section.port,
    protocol: node.ports?.proto ?? section.protocol,
    methods: null,
    urlBase: null,
  };
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

function flagsOf(node: RuleNode, type: Rule["type"], section: Section) {
  const { flags } = node;
  if (flags.length === 0 && !section.passthrough && !section.insecure) {
    return { passthrough: false, insecure: false };
  }
  const passthrough = section.passthrough || flags.includes("passthrough");
  const insecure = section.insecure || flags.includes("insecure");
  if (new Set(flags).size < flags.length) {
    throw new LineProblem("syntax", 0, `\`${flags[0]}\` stands here twice`);
  }
  if (passthrough && insecure) {
    throw new LineProblem(
      "passthrough-insecure",
      0,
      "passthrough and insecure exclude each other: what is not decrypted is not verified either",
    );
  }
  if (passthrough && type !== "host" && type !== "wildcard") {
    throw new LineProblem(
      "passthrough-target",
      0,
      `passthrough needs a host name or wildcard, not a ${type} rule`,
    );
  }
  if (insecure && (type === "dns" || type === "dns_wildcard")) {
    throw new LineProblem(
      "insecure-target",
      0,
      "a dns rule admits lookups, which have no certificate",
    );
  }
  return { passthrough, insecure };
}
