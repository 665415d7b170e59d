/**
 * What a good linter says about rules that are valid.
 *
 * @module
 */

import type { CompiledPolicy, CompiledRule } from "./compile.ts";
import { portFits } from "./compile.ts";
import { covers } from "./covers.ts";
import { isHostProblem, parseHostPattern } from "./names.ts";
import type { AttrValue, Diagnostic } from "./types.ts";

/** Public resolvers that answer DNS over HTTPS: a way around the policy's judgement of names. */
const DOH_NAMES = new Set([
  "dns.google",
  "cloudflare-dns.com",
  "mozilla.cloudflare-dns.com",
  "one.one.one.one",
  "dns.quad9.net",
  "dns9.quad9.net",
  "doh.opendns.com",
  "dns.adguard-dns.com",
  "dns.nextdns.io",
  "doh.cleanbrowsing.org",
  "dns.mullvad.net",
  "doh.dns.sb",
  "dns.alidns.com",
  "doh.pub",
]);
const DOH_ADDRESSES = new Set([
  "1.1.1.1",
  "1.0.0.1",
  "8.8.8.8",
  "8.8.4.4",
  "9.9.9.9",
  "149.112.112.112",
  "208.67.222.222",
  "208.67.220.220",
  "94.140.14.14",
  "94.140.15.15",
]);

type Finding = Pick<Diagnostic, "code" | "message" | "suggestion">;
type Check = (rule: CompiledRule, policy: CompiledPolicy) => Finding | null;

const CHECKS: Check[] = [covered, withoutApex, unverifiedName, dnsOverHttps, neverMatches];

/** Warnings about single rules, each check once a rule. */
export function lintRules(policy: CompiledPolicy): Diagnostic[] {
  return policy.rules.flatMap((rule) =>
    CHECKS.flatMap((check) => {
      const finding = check(rule, policy);
      if (!finding) return [];
      return [{ line: rule.rule.line, column: 1, severity: "warning" as const, ...finding }];
    })
  );
}

function covered(rule: CompiledRule, policy: CompiledPolicy): Finding | null {
  const by = candidatesOf(policy, rule).find((other) =>
    other !== rule && covers(other, rule) &&
    // of two that cover each other, the later one is superfluous
    (other.index < rule.index || !covers(rule, other))
  );
  if (!by) return null;
  return {
    code: "covered",
    message: `line ${by.rule.line} (${by.rule.text}) allows all that this rule allows`,
    suggestion: "remove one of them",
  };
}

/** Rules that are worth a comparison. */
function candidatesOf({ hosts, urls, lookups, blocks }: CompiledPolicy, rule: CompiledRule) {
  if (rule.host) {
    return [...hosts.near(rule.host), ...urls.near(rule.host), ...lookups.near(rule.host)];
  }
  return rule.block ? blocks.near(rule.block.network) : [];
}

function withoutApex({ rule, host }: CompiledRule, policy: CompiledPolicy): Finding | null {
  if (rule.type !== "wildcard" || !host?.deep || host.label) return null;
  if (isHostProblem(parseHostPattern(host.base))) return null;
  if (policy.hosts.first(host.base, () => true) || policy.urls.first(host.base, () => true)) {
    return null;
  }
  return {
    code: "wildcard-without-apex",
    message: `\`${rule.target}\` does not allow \`${host.base}\` itself`,
    suggestion: `add \`${host.base}\` if it is needed`,
  };
}

function unverifiedName({ rule, url, host }: CompiledRule): Finding | null {
  if (!host || rule.protocol !== "tcp" || rule.type.startsWith("dns")) return null;
  const plain = url ? url.scheme === "http" : rule.port !== "*" && portFits(rule, 80);
  if (!plain) return null;
  return {
    code: "unverified-name",
    message: "nobody verifies the server of a plain HTTP connection, nor hides what is said on it",
    suggestion: "use https if the server has it",
  };
}

function dnsOverHttps({ rule, host }: CompiledRule): Finding | null {
  if (rule.type.startsWith("dns") || rule.protocol !== "tcp" || !portFits(rule, 443)) return null;
  const named = host !== null && !host.deep && !host.label && DOH_NAMES.has(host.base);
  if (!named && !DOH_ADDRESSES.has(rule.target)) return null;
  return {
    code: "doh",
    message: "this is a public DNS-over-HTTPS resolver: lookups through it are not judged by name",
    suggestion: "let lookups go to the machine's own resolver",
  };
}

function neverMatches({ rule }: CompiledRule): Finding | null {
  for (const [name, value] of Object.entries(rule.attrs)) {
    const why = whyNever(name, value);
    if (why) {
      return { code: "never-matches", message: `${name}=${value.text} never matches: ${why}` };
    }
  }
  return null;
}

function whyNever(name: string, value: AttrValue): string | null {
  const { text, literal } = value;
  const start = literal ? text : text.split("*")[0]!;
  const open = !literal && text.includes("*");
  if (name === "exe" && (start === "" ? !open : !start.startsWith("/"))) {
    return "the path of an executable begins with `/`";
  }
  if (name === "cgroup" && !isKeyword(value) && (start === "" ? !open : !start.startsWith("/"))) {
    return text.startsWith("@")
      ? "the keywords are @docker and @host, without quotes"
      : "a cgroup path begins with `/`";
  }
  if (name === "action" && !open && !text.includes("/")) {
    return "an action's repository is OWNER/NAME";
  }
  return text === "" && !name.startsWith("arg") ? "what is empty is not known" : null;
}

function isKeyword({ text, literal, quoted }: AttrValue): boolean {
  return !literal && !quoted && (text === "@docker" || text === "@host");
}
