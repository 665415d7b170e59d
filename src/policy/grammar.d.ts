/**
 * Types of the generated parser: what one line of a policy is made of.
 *
 * @module
 */

/** An attribute as written; `at` is its offset in the line. */
export interface AttrNode {
  at: number;
  name: string;
  text: string;
  /** Double quotes: `*` stands for itself. */
  literal: boolean;
  /** No quotes: keywords are keywords. */
  bare: boolean;
}

/** Ports as written, digits not yet checked. */
export interface PortsNode {
  at: number;
  list: string[] | "*";
  proto: "tcp" | "udp" | null;
}

/** Scheme, host, ports and path of a URL; `text` is all of it, `at` the offset of the host. */
export interface UrlNode {
  text: string;
  scheme: "http" | "https";
  host: string;
  at: number;
  ports: PortsNode | null;
  path: string | null;
}

export type Flag = "passthrough" | "insecure";

export type ContextNode =
  | { kind: "flag"; flag: Flag }
  | ({ kind: "base" } & UrlNode)
  | { kind: "methods"; methods: string[] }
  | ({ kind: "ports" } & PortsNode);

export interface HeaderNode {
  kind: "header";
  context: ContextNode | null;
  attrs: AttrNode[];
}

interface RuleNodeBase {
  /** Where the rule's own text, without comment, begins and ends in the parsed text. */
  start: number;
  end: number;
  flags: Flag[];
  attrs: AttrNode[];
}

export type UrlRuleNode = RuleNodeBase & UrlNode & { kind: "url"; methods: string[] | null };

export type PathRuleNode = RuleNodeBase & {
  kind: "path";
  methods: string[] | null;
  path: string;
};

export type HostRuleNode = RuleNodeBase & {
  kind: "host";
  dns: boolean;
  target: string;
  at: number;
  ports: PortsNode | null;
};

export type RuleNode = UrlRuleNode | PathRuleNode | HostRuleNode;

/** Where parsing one line failed, and what would have been right there. */
export class SyntaxError extends Error {
  location: { start: { offset: number; column: number } };
  found: string | null;
  expected: { type: string; text?: string; description?: string }[] | null;
}

/** A line that is not in the language; reading it alone tells why. */
export interface InvalidNode {
  kind: "invalid";
}

/** A line; null: blank, or a comment. */
export type LineNode = HeaderNode | RuleNode | null;

/**
 * Parses a whole policy (`Policy`) or one line (`Line`). Lines end in LF.
 *
 * @throws {SyntaxError} never for `Policy`
 */
export function parse(text: string, options: { startRule: "Policy" }): (LineNode | InvalidNode)[];
export function parse(line: string, options: { startRule: "Line" }): LineNode;
