/**
 * What `egress analyze` prints.
 *
 * @module
 */

import type { AnalysisResult, Pair } from "./analysis.ts";
import { destinationOf, processOf } from "./events.ts";
import { printable, type Styles } from "./io.ts";
import type { LogCount } from "./log_reader.ts";
import type { PolicySource } from "./policies.ts";

/** The findings for one policy. */
export interface PolicyResult {
  source: PolicySource;
  result: AnalysisResult;
}

/** Pairs that read the same, joined: one host has many addresses, one tool many arguments. */
interface Group {
  destination: string;
  process: string;
  count: number;
  reason?: string;
  hint?: string;
  rule?: string;
  line?: number;
}

/** The report as text, blocked pairs first. */
export function reportText(
  results: readonly PolicyResult[],
  options: { verbose?: boolean },
  styles: Styles,
): string {
  return results.map(({ source, result }) => {
    const title = results.length > 1 ? styles.bold(`${nameOf(source)}\n`) : "";
    return title + policyText(source, result, options.verbose === true, styles);
  }).join("\n");
}

function policyText(source: PolicySource, result: AnalysisResult, all: boolean, styles: Styles) {
  const blocked = groups(result.blockedPairs);
  let text = "";
  for (const group of blocked) {
    text += `${styles.red("blocked")} ${lineOf(group)}: ${group.reason}\n`;
    if (group.hint !== undefined) text += `  to allow: ${styles.bold(printable(group.hint))}\n`;
  }
  for (const group of all ? groups(result.allowedPairs) : []) {
    const at = group.line === undefined ? "" : ` (${printable(group.rule ?? "")})`;
    text += `${styles.green("allowed")} ${lineOf(group)}${styles.dim(at)}\n`;
  }
  for (const rule of result.unused) {
    const { line } = source.locate({ line: rule.line, column: 1 });
    text += `${styles.yellow("unused")}  ${source.file}:${line}: ${printable(rule.text)}\n`;
  }
  for (const [reason, count] of Object.entries(result.beyond).sort()) {
    text += styles.dim(`${count} refused for another reason than a missing rule: ${reason}\n`);
  }
  return text + totals(result);
}

function lineOf({ destination, process, count }: Group): string {
  const times = count === 1 ? "" : `${count}x `;
  return printable(`${times}${destination} by ${process}`);
}

function totals(result: AnalysisResult): string {
  const { allowedCount, blockedPairs, truncated, unused } = result;
  const least = truncated ? "at least " : "";
  return `${least}${allowedCount + blockedPairs.length} pairs of process and destination: ` +
    `${allowedCount} allowed (${result.allowed} events), ` +
    `${blockedPairs.length} blocked (${result.blocked} events); ${unused.length} unused rules\n`;
}

function groups(pairs: readonly Pair[]): Group[] {
  const found = new Map<string, Group>();
  for (const { event, verdict, count } of pairs) {
    const group: Group = { destination: destinationOf(event), process: processOf(event), count };
    if (verdict.reason !== undefined) group.reason = verdict.reason;
    if (verdict.hint !== undefined) group.hint = verdict.hint;
    if (verdict.rule_text !== undefined) group.rule = verdict.rule_text;
    if (verdict.rule_line !== undefined) group.line = verdict.rule_line;
    const key = [group.destination, group.process, group.reason, group.hint].join("\0");
    const same = found.get(key);
    if (same) same.count += count;
    else found.set(key, group);
  }
  return [...found.values()].sort((a, b) => b.count - a.count);
}

/** The report as one JSON object. */
export function toJson(results: readonly PolicyResult[], count: LogCount): string {
  return JSON.stringify({
    lines: count.lines,
    unreadable: count.unreadable,
    policies: results.map(({ source, result }) => ({
      file: source.file,
      ...(source.step === undefined ? {} : { step: source.step }),
      events: { allowed: result.allowed, blocked: result.blocked },
      blocked: result.blockedPairs.map(pairJson),
      allowed: result.allowedPairs.map(pairJson),
      unused: result.unused.map((rule) => ({
        line: source.locate({ line: rule.line, column: 1 }).line,
        rule: rule.text,
      })),
      beyond: result.beyond,
      truncated: result.truncated,
    })),
  }) + "\n";
}

function pairJson({ event, verdict, count }: Pair) {
  const { reason, hint, rule_text, rule_line } = verdict;
  return { count, event, reason, hint, rule: rule_text, rule_line };
}

function nameOf({ file, step }: PolicySource): string {
  return step === undefined ? file : `${file}: ${step}`;
}
