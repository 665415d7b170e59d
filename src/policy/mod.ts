/**
 * The policy language: text to rules, rules to decisions. Pure: it reads no file, clock or random
 * number, and runs wherever JavaScript does.
 *
 * ```ts
 * import { compilePolicy, parsePolicy, PolicyEngine } from "./mod.ts";
 *
 * const { rules, diagnostics } = parsePolicy("POST https://api.example.com/issues/*");
 * if (diagnostics.length > 0) throw new Error(diagnostics[0]!.message);
 *
 * const engine = new PolicyEngine(compilePolicy(rules), { audit: false });
 * const request = { type: "http", dst_ip: "192.0.2.1", dst_port: 443 } as const;
 * const url = "https://api.example.com/issues/7";
 * const post = engine.judge({ ...request, url, method: "POST" }, 0);
 * const get = engine.judge({ ...request, url, method: "GET" }, 0);
 * if (!post.pass || get.pass) throw new Error("not reached");
 * if (get.hint !== "GET https://api.example.com/issues/7") throw new Error("not reached");
 * ```
 *
 * @module
 */

export { type CompiledPolicy, compilePolicy } from "./compile.ts";
export { type EngineOptions, PolicyEngine } from "./engine.ts";
export { explainRule, type RulePart } from "./explain.ts";
export { formatRule, formatRules } from "./format.ts";
export { Lookups } from "./lookups.ts";
export { parsePolicy } from "./parse.ts";
export type {
  AttrValue,
  Defaults,
  Diagnostic,
  ParsedPolicy,
  ParseOptions,
  PortList,
  Rule,
  RuleType,
} from "./types.ts";
export { validatePolicy } from "./validate.ts";
export type { DenyReason, DnsAnswer, PolicyEvent, Verdict } from "../protocol/event.ts";
