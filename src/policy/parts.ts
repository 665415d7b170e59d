/**
 * Checks of a line's parts that need more than the grammar's shape.
 *
 * @module
 */

import { parseIpv4 } from "./address.ts";
import type { AttrNode, PortsNode } from "./grammar.js";
import { type HostPattern, isHostProblem, parseHostPattern } from "./names.ts";
import { LineProblem } from "./problem.ts";
import { nearest } from "./nearest.ts";
import { type AttrValue, JOB_TOKEN, type PortList } from "./types.ts";

const ATTRIBUTE = /^(?:exe|step|action|cgroup|image|token|arg(?:\[(?:0|[1-9][0-9]*)\])?)$/;
const ATTRIBUTES = ["exe", "arg", "step", "action", "cgroup", "image", "token"];
const PORT = /^[1-9][0-9]{0,4}$/;
/** A text of digits and dots is meant as an address, never as a name. */
const NUMERIC = /^[0-9.]+$/;

/** Is this the name of an attribute? */
export function isAttribute(name: string): boolean {
  return ATTRIBUTE.test(name);
}

/**
 * Ports 1..65535 in written order.
 *
 * @throws {LineProblem}
 */
export function readPorts(node: PortsNode): PortList {
  if (node.list === "*") return "*";
  return node.list.map((digits) => {
    const port = Number(digits);
    if (PORT.test(digits) && port <= 65535) return port;
    throw new LineProblem("port", node.at, `\`${digits}\` is no port: decimal 1 to 65535`);
  });
}

/**
 * The host of a URL, or of a host, wildcard or dns rule.
 *
 * @returns null: an IPv4 address
 * @throws {LineProblem}
 */
export function readHost(text: string, at: number): HostPattern | null {
  if (parseIpv4(text) !== null) return null;
  if (NUMERIC.test(text)) {
    throw new LineProblem(
      "address",
      at,
      `\`${text}\` is no IPv4 address: four decimals 0 to 255 without leading zeros`,
    );
  }
  const pattern = parseHostPattern(text);
  if (!isHostProblem(pattern)) return pattern;
  throw new LineProblem(
    "host-name",
    at,
    `\`${text}\`: ${pattern.message}`,
    pattern.fix && `did you mean \`${pattern.fix}\`?`,
  );
}

/**
 * Attributes by name.
 *
 * @throws {LineProblem} for an unknown name, one that stands twice, and a token other than `job`
 */
export function readAttrs(nodes: AttrNode[]): Record<string, AttrValue> {
  const attrs: Record<string, AttrValue> = {};
  for (const { at, name, text, literal, bare } of nodes) {
    if (!isAttribute(name)) throw unknownAttribute(name, at);
    if (Object.hasOwn(attrs, name)) {
      throw new LineProblem("duplicate-attribute", at, `\`${name}=\` stands here a second time`);
    }
    if (name === "token" && text !== JOB_TOKEN) throw unknownToken(text, at + "token=".length);
    attrs[name] = bare || literal ? { text, literal } : { text, literal, quoted: true };
  }
  return attrs;
}

function unknownToken(text: string, at: number): LineProblem {
  return new LineProblem(
    "token-value",
    at,
    `\`${text}\` is no token that a rule can ask for; there is only the job's own`,
    "write `token=job`",
  );
}

function unknownAttribute(name: string, at: number): LineProblem {
  const guess = name.startsWith("arg[") ? "arg[0]" : nearest(name, ATTRIBUTES);
  return new LineProblem(
    "unknown-attribute",
    at,
    `\`${name}=\` is no attribute; there are exe, arg, arg[N], step, action, cgroup, image and token`,
    guess && `did you mean \`${guess}=\`?`,
  );
}
