/**
 * Rules back to text.
 *
 * @module
 */

import type { AttrValue, PortList, Rule } from "./types.ts";

/**
 * Prints a complete rule, so that parsing the result without defaults gives the same rule again.
 * A path rule is printed as two lines, its header first.
 *
 * ```ts
 * import { formatRule } from "./format.ts";
 * import { parsePolicy } from "./parse.ts";
 *
 * const { rules } = parsePolicy("[:53/udp exe=/usr/bin/dig]\n9.9.9.9");
 * if (formatRule(rules[0]!) !== "9.9.9.9:53/udp exe=/usr/bin/dig") throw new Error("not reached");
 * ```
 */
export function formatRule(rule: Rule): string {
  const tail = flags(rule) + Object.entries(rule.attrs).map(formatAttr).join("");
  switch (rule.type) {
    case "url":
      return `${methods(rule)}${rule.target}${tail}`;
    case "path":
      return `[${rule.urlBase}]\n${methods(rule)}${rule.target}${tail}`;
    case "dns":
    case "dns_wildcard":
      return `dns:${rule.target}${ports(rule)}${tail}`;
    default:
      return `${rule.target}${ports(rule)}${tail}`;
  }
}

/** Prints rules one below the other, so that none sees the header of a path rule before it. */
export function formatRules(rules: readonly Rule[]): string {
  let below = false;
  return rules.map((rule) => {
    const text = (below && rule.type !== "path" ? "[]\n" : "") + formatRule(rule) + "\n";
    below = rule.type === "path";
    return text;
  }).join("");
}

function methods({ methods }: Rule): string {
  if (methods === null || methods.join("|") === "GET|HEAD") return "";
  return `${methods.join("|")} `;
}

function ports({ port, protocol }: Rule): string {
  const standard = port !== "*" && port.length === 1 && port[0] === 443;
  if (standard && protocol === "tcp") return "";
  return `:${formatPorts(port)}${protocol === "tcp" ? "" : "/udp"}`;
}

/** Prints ports as in a rule. */
export function formatPorts(port: PortList): string {
  return port === "*" ? "*" : port.join("|");
}

function flags({ passthrough, insecure }: Rule): string {
  return (passthrough ? " passthrough" : "") + (insecure ? " insecure" : "");
}

function formatAttr([name, { text, literal, quoted }]: [string, AttrValue]): string {
  if (literal) return ` ${name}="${text}"`;
  const bare = !quoted && /^[^ \t#\]"`][^ \t#\]]*$/.test(text);
  return bare ? ` ${name}=${text}` : ` ${name}=\`${text}\``;
}
