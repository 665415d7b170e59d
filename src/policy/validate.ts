/**
 * Everything worth saying about a policy text.
 *
 * @module
 */

import { compilePolicy } from "./compile.ts";
import { crossRuleWarnings } from "./crossrules.ts";
import { lintRules } from "./lint.ts";
import { parsePolicy } from "./parse.ts";
import type { Diagnostic, ParseOptions } from "./types.ts";

/**
 * Errors of a policy and warnings about its rules, by line. Placeholders without a value stand for
 * any name that fits, unless a repository is given or the options say otherwise.
 *
 * ```ts
 * import { validatePolicy } from "./validate.ts";
 *
 * const [found] = validatePolicy("8.8.8.8/udp");
 * if (found!.suggestion !== "/udp needs a port: use :53/udp") throw new Error("not reached");
 * ```
 */
export function validatePolicy(text: string, options: ParseOptions = {}): Diagnostic[] {
  const placeholders = options.repository === undefined ? "any" : "keep";
  const { rules, diagnostics } = parsePolicy(text, { placeholders, ...options });
  const policy = compilePolicy(rules);
  return [...diagnostics, ...crossRuleWarnings(policy), ...lintRules(policy)]
    .sort((a, b) => a.line - b.line);
}
