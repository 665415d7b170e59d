/**
 * What a policy becomes: rules and diagnostics.
 *
 * @module
 */

/** Kinds of rules; `dns` and `dns_wildcard` admit a lookup, never a connection. */
export type RuleType =
  | "host"
  | "wildcard"
  | "ip"
  | "cidr"
  | "url"
  | "path"
  | "dns"
  | "dns_wildcard";

/** Value of an attribute. */
export interface AttrValue {
  /** Without its quotes. */
  text: string;
  /** `*` in it means only itself. */
  literal: boolean;
  /** It stood in backticks, so that `@docker` is no keyword. */
  quoted?: true;
}

/** The only value of the attribute `token`: the request carries the job's own GitHub token. */
export const JOB_TOKEN = "job";

/** Ports in written order; `*`: every port. */
export type PortList = number[] | "*";

/** A rule with everything that its header and the defaults gave it written into it. */
export interface Rule {
  type: RuleType;
  /** Host name, address, block, URL or path as written; for dns types the bare name. */
  target: string;
  port: PortList;
  protocol: "tcp" | "udp";
  /** Upper-case names, or `["*"]`; null unless `url` or `path`. */
  methods: string[] | null;
  /** The header's base URL as written; null unless `path`. */
  urlBase: string | null;
  attrs: Record<string, AttrValue>;
  passthrough: boolean;
  insecure: boolean;
  /** Line in the policy text, from 1. */
  line: number;
  /** The rule's own source text, without comment and blanks around. */
  text: string;
}

/** Something worth saying about one line. */
export interface Diagnostic {
  /** From 1. */
  line: number;
  /** From 1, in UTF-16 units. */
  column: number;
  severity: "error" | "warning";
  /** Fixed code; those of conformance-protocol.md and some of our own. */
  code: string;
  message: string;
  /** What to write instead. */
  suggestion?: string;
}

/** What a rule gets when neither it nor its header says otherwise. */
export interface Defaults {
  port?: PortList;
  protocol?: "tcp" | "udp";
  methods?: string[];
  attrs?: Record<string, AttrValue>;
}

/** How a policy text is read. */
export interface ParseOptions {
  defaults?: Defaults;
  /** `owner/name` for the placeholders; anything else fills in nothing. */
  repository?: string;
  /** `any`: placeholders without a value stand for any name that fits. Default `keep`: an error. */
  placeholders?: "keep" | "any";
}

/** A parsed policy. Rules are in text order. */
export interface ParsedPolicy {
  rules: Rule[];
  diagnostics: Diagnostic[];
}
