import assert from "node:assert/strict";
import type { Case } from "./case.ts";

interface Diagnostic {
  line: number;
  severity: string;
  code: string;
}

/** Codes with a meaning of their own; every other error counts as `syntax`. */
const FIXED = new Set([
  "path-without-base",
  "passthrough-target",
  "insecure-target",
  "passthrough-insecure",
]);
const WARNINGS = ["passthrough-hides-url", "passthrough-hides-insecure", "insecure-partial"];

/**
 * Holds one line of the command's output against its case.
 *
 * @throws AssertionError where the answer is another
 */
export function judge(test: Case, output: string): void {
  const answer = JSON.parse(output) as Record<string, unknown>;
  const { expect } = test;
  if (expect.kind === "refused") {
    assert.equal(typeof answer.error, "string");
    return;
  }
  assert.equal(answer.error, undefined);
  if (expect.kind === "verdicts") {
    assert.deepEqual((answer.verdicts as unknown[]).map(short), expect.verdicts);
  } else if (expect.kind === "rules") {
    assert.deepEqual(mistakes(answer), {});
    const rules = answer.rules as Record<string, unknown>[];
    assert.equal(rules.length, expect.rules.length, JSON.stringify(rules));
    expect.rules.forEach((rule, i) => assert.deepEqual(pick(rules[i] ?? {}, rule), rule));
  } else if (expect.kind === "mistakes") {
    assert.deepEqual(mistakes(answer), expect.lines);
  } else if (expect.kind === "warnings") {
    const found = new Set((answer.diagnostics as Diagnostic[]).map((d) => d.code));
    assert.deepEqual(WARNINGS.filter((code) => found.has(code)), expect.codes);
  } else {
    assert.deepEqual(pick(answer, expect.answer), expect.answer);
  }
}

/** The keys of `of` that `like` has, absent ones as null, false or empty as the protocol has them. */
function pick(of: Record<string, unknown>, like: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.keys(like).map((key) => [key, of[key] ?? absent(key)]));
}

function absent(key: string): unknown {
  if (key === "passthrough" || key === "insecure") return false;
  return key === "attrs" ? {} : null;
}

function short(verdict: unknown): string {
  if (verdict === null) return "-";
  const v = verdict as Record<string, unknown>;
  const flags = ["passthrough", "insecure"].filter((flag) => v[flag] === true);
  return [v.verdict, ...(v.rule === null ? [] : [v.rule]), ...flags].join(" ");
}

function mistakes(answer: Record<string, unknown>): Record<number, string> {
  const errors = (answer.diagnostics as Diagnostic[]).filter((d) => d.severity === "error");
  return Object.fromEntries(errors.map((d) => [d.line, FIXED.has(d.code) ? d.code : "syntax"]));
}
