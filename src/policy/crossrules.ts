/**
 * Warnings about rules that work against each other: is there a host name that fits both?
 *
 * @module
 */

import type { CompiledPolicy, CompiledRule } from "./compile.ts";
import type { HostPattern } from "./names.ts";
import { OverlapIndex } from "./overlap.ts";
import { ANY_NAME } from "./placeholders.ts";
import { compileGlob } from "./glob.ts";
import type { Diagnostic } from "./types.ts";

/** Rules of which one host pattern stands for all. */
interface Group {
  pattern: HostPattern;
  first: CompiledRule;
}

/** The warnings of policy-language.md, section 7, and one about tokens. Of each kind, one a line. */
export function crossRuleWarnings({ rules }: CompiledPolicy): Diagnostic[] {
  const passthrough = groups(rules.filter((rule) => rule.rule.passthrough));
  const urls = rules.filter((rule) => rule.url);
  const insecure = groups(rules.filter((rule) => rule.rule.insecure));
  const bare = groups(urls.filter((rule) => !rule.rule.insecure));
  const tokens = groups(rules.filter((rule) => rule.token && !rule.url));
  const insecureUrls = groups(urls.filter((rule) => rule.rule.insecure));
  return [
    ...pairs(passthrough, groups(urls), (hiding, hidden) => ({
      code: "passthrough-hides-url",
      message:
        `line ${hiding.line} (${hiding.text}) leaves this host undecrypted, so methods and ` +
        `paths are not looked at: ${hidden.text}`,
    })),
    ...pairs(passthrough, tokens, (hiding, hidden) => ({
      code: "passthrough-hides-token",
      message: `line ${hiding.line} (${hiding.text}) leaves this host undecrypted, so tokens are ` +
        `not looked at: ${hidden.text}`,
    })),
    ...pairs(passthrough, insecure, (hiding, hidden) => ({
      code: "passthrough-hides-insecure",
      message:
        `line ${hiding.line} (${hiding.text}) leaves this host undecrypted, so insecure has ` +
        `no effect: ${hidden.text}`,
    })),
    ...pairs(insecureUrls, bare, (lax, strict) => ({
      code: "insecure-partial",
      message:
        `line ${lax.line} is insecure, which holds for the whole host, this rule included: ` +
        strict.text,
    })),
  ];
}

type Say = (a: CompiledRule["rule"], b: CompiledRule["rule"]) => { code: string; message: string };

function pairs(left: Group[], right: Group[], say: Say): Diagnostic[] {
  const index = new OverlapIndex<CompiledRule>();
  for (const { pattern, first } of left) index.add(pattern, first);
  return right.flatMap(({ pattern, first: { rule } }) => {
    const other = index.find(pattern);
    if (!other) return [];
    return [{ line: rule.line, column: 1, severity: "warning", ...say(other.rule, rule) }];
  });
}

function groups(rules: CompiledRule[]): Group[] {
  const byText = new Map<string, Group>();
  for (const rule of rules) {
    const pattern = rule.host ? withAnyName(rule.host) : addressHost(rule);
    if (!pattern) continue;
    const key = `${pattern.deep} ${pattern.label?.source} ${pattern.base}`;
    if (!byText.has(key)) byText.set(key, { pattern, first: rule });
  }
  return [...byText.values()];
}

/** The host of a URL that is an address: one host, too. */
function addressHost({ url, block }: CompiledRule): HostPattern | null {
  return url && block && { base: String(block.network), label: null, deep: false };
}

/** A placeholder without a value stands for any name. */
function withAnyName(pattern: HostPattern): HostPattern {
  if (!pattern.base.startsWith(ANY_NAME)) return pattern;
  const dot = pattern.base.indexOf(".");
  const label = compileGlob(pattern.base.slice(0, dot).replaceAll(ANY_NAME, "*"));
  return { base: pattern.base.slice(dot + 1), label, deep: pattern.deep };
}
