/**
 * The policy language of egress as a library: the same code that enforces a policy, without the
 * network. It needs no permission and runs in Deno, Node and browsers.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { compile, evaluate, parse } from "@egress/cli";
 *
 * const { rules } = parse("*.example.com\nPOST https://api.example.net/v1/* exe=/usr/bin/node\n");
 * const [verdict] = evaluate(compile(rules), [{
 *   type: "https",
 *   dst_ip: "192.0.2.1",
 *   dst_port: 443,
 *   url: "https://api.example.net/v1/items",
 *   method: "POST",
 *   exe: "/usr/bin/curl",
 * }]);
 * assert.ok(verdict?.policy === "deny"); // it is not node
 * ```
 *
 * @module
 */

import { LogDraft } from "./src/cli/log_draft.ts";
import { type Draft, type DraftOptions, PolicyDraft } from "./src/policy/derive/mod.ts";
import {
  type CompiledPolicy,
  compilePolicy,
  type Diagnostic,
  type ParsedPolicy,
  type ParseOptions,
  parsePolicy,
  PolicyEngine,
  type Rule,
  validatePolicy,
} from "./src/policy/mod.ts";
import type { DnsAnswer, PolicyEvent, Verdict } from "./src/protocol/event.ts";
import type { LogEvent } from "./src/protocol/log.ts";

export type {
  AttrValue,
  CompiledPolicy,
  Defaults,
  Diagnostic,
  EngineOptions,
  ParsedPolicy,
  ParseOptions,
  PortList,
  Rule,
  RulePart,
  RuleType,
} from "./src/policy/mod.ts";
export type { Draft, DraftOptions, Scope } from "./src/policy/derive/mod.ts";
export type {
  DenyReason,
  DnsAnswer,
  PolicyEvent,
  ProcessInfo,
  TrafficEvent,
  Verdict,
} from "./src/protocol/event.ts";
export type { LogEvent, LogType } from "./src/protocol/log.ts";
export { explainRule, formatRule, formatRules, PolicyEngine } from "./src/policy/mod.ts";

/**
 * Reads a policy. Never throws: a line that is not valid yields one diagnostic and no rule.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { parse } from "@egress/cli";
 *
 * const { rules, diagnostics } = parse("github.com\n*.github.*\n");
 * assert.ok(rules.length === 1 && rules[0]?.type === "host");
 * assert.ok(diagnostics[0]?.line === 2);
 * ```
 *
 * @param text the whole policy
 */
export function parse(text: string, options: ParseOptions = {}): ParsedPolicy {
  return parsePolicy(text, options);
}

/**
 * Errors and warnings of a policy, by line. Placeholders that have no value stand for any name.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { validate } from "@egress/cli";
 *
 * const [problem] = validate("https://api.example.com/x?q=1\n");
 * assert.ok(problem?.severity === "error" && problem.line === 1);
 * ```
 *
 * @param text the whole policy
 */
export function validate(text: string, options: ParseOptions = {}): Diagnostic[] {
  return validatePolicy(text, options);
}

/**
 * Compiles rules into indexes, once for any number of decisions.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { compile, parse, PolicyEngine } from "@egress/cli";
 *
 * const engine = new PolicyEngine(compile(parse("db.example.com:5432").rules), { audit: false });
 * engine.record({ name: "db.example.com", ips: ["192.0.2.7"], ttl: 300 }, 0);
 * const event = { type: "tcp", dst_ip: "192.0.2.7", dst_port: 5432 } as const;
 * assert.ok(engine.judge(event, 10).policy === "allow");
 * assert.ok(engine.judge(event, 400).policy === "deny"); // the answer has expired
 * ```
 *
 * @param rules from {@link parse}
 */
export function compile(rules: readonly Rule[]): CompiledPolicy {
  return compilePolicy(rules);
}

/**
 * Judges events one by one, all at the same moment. For a clock, lookups along the way or audit mode
 * use {@link PolicyEngine}.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { compile, evaluate, parse } from "@egress/cli";
 *
 * const policy = compile(parse("8.8.8.8:53/udp\ndns:*.example.com\n").rules);
 * const [verdict] = evaluate(policy, [
 *   { type: "dns", dst_ip: "8.8.8.8", dst_port: 53, name: "www.example.com" },
 * ]);
 * assert.ok(verdict?.policy === "allow" && verdict.rule_line === 2);
 * ```
 *
 * @param policy from {@link compile}
 * @param lookups answers of resolvers that came before
 */
export function evaluate(
  policy: CompiledPolicy,
  events: Iterable<PolicyEvent>,
  lookups: Iterable<DnsAnswer> = [],
): Verdict[] {
  const engine = new PolicyEngine(policy, { audit: false });
  for (const answer of lookups) engine.record(answer, 0);
  return Array.from(events, (event) => engine.judge(event, 0));
}

/**
 * Derives a minimal policy that allows what logs show.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { suggest } from "@egress/cli";
 *
 * const log = ["1", "2", "3"].map((id) => ({
 *   ts: "2026-01-01T00:00:00.000Z",
 *   type: "https" as const,
 *   dst_ip: "192.0.2.1",
 *   dst_port: 443,
 *   method: "GET",
 *   url: `https://api.example.com/items/${id}`,
 * }));
 * const { text } = suggest([log]);
 * assert.ok(text.includes("GET https://api.example.com/items/*"));
 * ```
 *
 * @param logs one list of events for each log, oldest event first
 */
export function suggest(logs: Iterable<Iterable<LogEvent>>, options: DraftOptions = {}): Draft {
  const draft = new LogDraft(new PolicyDraft(options));
  for (const log of logs) {
    draft.begin();
    for (const event of log) draft.event(event);
  }
  return draft.derive();
}
