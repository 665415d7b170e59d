/**
 * The policy language: text to rules, rules to decisions. Pure: no I/O, clock, randomness or
 * `Deno.*`.
 *
 * @module
 */

export { type CompiledPolicy, compilePolicy } from "./compile.ts";
export { type EngineOptions, PolicyEngine } from "./engine.ts";
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
export { explainRule, type RulePart } from "./explain.ts";
export { formatRule, formatRules } from "./format.ts";
export { validatePolicy } from "./validate.ts";
