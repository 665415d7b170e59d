/**
 * Host names, host patterns and whether a name fits them (policy-language.md, section 3).
 *
 * @module
 */

import { compileGlob, type Glob, globMatches } from "./glob.ts";

/** Longest host name, without its trailing dot (RFC 1035, section 2.3.4, as text). */
const MAX_NAME = 253;

const NAME_IN_EVENT =
  /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)+$/i;
const LABEL = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?$/;
const PATTERN_LABEL = /^[A-Za-z0-9_*](?:[A-Za-z0-9_*-]*[A-Za-z0-9_*])?$/;
const DIGITS = /^[0-9]+$/;

/** A host name or a wildcard, in lower case. */
export interface HostPattern {
  /** The labels that stand for themselves: the whole name, or what follows the pattern. */
  base: string;
  /** One label in front of `base` that fits this; null: none. */
  label: Glob | null;
  /** One or more further labels in front of all that. */
  deep: boolean;
}

/** Why a text is no host pattern; `fix` is what may have been meant. */
export interface HostProblem {
  message: string;
  fix?: string;
}

/**
 * Brings a name of an event into the form that rules are compared with.
 *
 * @returns null if it has not the form of a host name; it then matches no name rule
 */
export function eventName(name: unknown): string | null {
  if (typeof name !== "string") return null;
  const bare = name.endsWith(".") ? name.slice(0, -1) : name;
  if (bare.length > MAX_NAME || !NAME_IN_EVENT.test(bare)) return null;
  if (DIGITS.test(bare.slice(bare.lastIndexOf(".") + 1))) return null;
  return foldAscii(bare);
}

/** Lower case for A-Z alone, so that no other letter (U+212A) becomes an ASCII one. */
export function foldAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (upper) => upper.toLowerCase());
}

/** Reads a host name or wildcard of a rule. */
export function parseHostPattern(text: string): HostPattern | HostProblem {
  const bare = text.endsWith(".") ? text.slice(0, -1) : text;
  if (bare.length > MAX_NAME) return { message: `a host name has at most ${MAX_NAME} characters` };
  const labels = foldAscii(bare).split(".");
  if (labels.includes("")) return { message: "a host name has no empty label" };
  return bare.includes("*") ? wildcard(labels) : exact(labels);
}

function exact(labels: string[]): HostPattern | HostProblem {
  const problem = plainLabels(labels);
  if (problem) return problem;
  if (labels.length < 2) {
    return { message: "a host name needs at least two labels", fix: `${labels[0]}.example.com` };
  }
  return { base: labels.join("."), label: null, deep: false };
}

function wildcard(labels: string[]): HostPattern | HostProblem {
  const deep = labels[0] === "*";
  const rest = deep ? labels.slice(1) : labels;
  const first = rest[0];
  if (first === undefined) {
    return {
      message: "`*` alone would allow everything; name a domain or an address block",
      fix: "*.example.com",
    };
  }
  const patterned = first.includes("*");
  const plain = patterned ? rest.slice(1) : rest;
  const misplaced = plain.findIndex((label) => label.includes("*"));
  if (misplaced >= 0 || plain.length === 0) return misplacedStar(labels);
  const problem = plainLabels(plain);
  if (problem) return problem;
  if (patterned && !PATTERN_LABEL.test(first)) return badLabel(first);
  return { base: plain.join("."), label: patterned ? compileGlob(first) : null, deep };
}

function misplacedStar(labels: string[]): HostProblem {
  const plain = labels.filter((label) => !label.includes("*"));
  const guess = plain.length === 1 ? [...plain, "com"] : plain;
  return {
    message: "a wildcard stands only in the first label, or as `*.` before it",
    ...(guess.length > 0 ? { fix: `*.${guess.join(".")}` } : {}),
  };
}

function plainLabels(labels: string[]): HostProblem | null {
  for (const label of labels) {
    if (!LABEL.test(label)) return badLabel(label);
  }
  const last = labels.at(-1)!;
  return DIGITS.test(last)
    ? { message: `the last label of a host name is not a number, and this is no IPv4 address` }
    : null;
}

function badLabel(label: string): HostProblem {
  return {
    message: `\`${label}\` is no label: letters, digits, \`-\` and \`_\`, no \`-\` at either end`,
  };
}

/** Does the name (from {@link eventName}) fit the pattern? */
export function hostMatches(pattern: HostPattern, name: string): boolean {
  const { base, label, deep } = pattern;
  if (label === null && !deep) return name === base;
  const cut = name.length - base.length - 1;
  if (cut < 1 || name.charCodeAt(cut) !== 46 || !name.endsWith(base)) return false;
  if (label === null) return true;
  const dot = name.lastIndexOf(".", cut - 1);
  if (deep !== dot >= 0) return false;
  return globMatches(label, name.slice(dot + 1, cut));
}

/** Does every name that fits `inner` fit `outer`? May say no where the answer is yes. */
export function hostCovers(outer: HostPattern, inner: HostPattern): boolean {
  if (inner.label === null && !inner.deep) return hostMatches(outer, inner.base);
  if (outer.label === null && outer.deep) {
    return inner.base.endsWith("." + outer.base) || inner.base === outer.base;
  }
  return outer.base === inner.base && outer.deep === inner.deep &&
    outer.label?.source === inner.label?.source;
}

/** Narrows the result of {@link parseHostPattern}. */
export function isHostProblem(result: HostPattern | HostProblem): result is HostProblem {
  return "message" in result;
}
