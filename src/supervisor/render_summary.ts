/**
 * The summary as text for a terminal. Pure.
 *
 * @module
 */

import type { Summary, SummaryEntry } from "../protocol/summary.ts";

/** Lines shown for each half. */
const SHOWN = 20;

/** How to render. */
export interface RenderOptions {
  colour: boolean;
  audit: boolean;
  /** Path of the log, when one was kept. */
  log?: string;
}

/** Renders a summary, with its line end. */
export function renderSummary(summary: Summary, options: RenderOptions): string {
  const paint = (code: string, text: string) =>
    options.colour ? `\x1b[${code}m${text}\x1b[0m` : text;
  const lines: string[] = [];
  const blockedWord = options.audit ? "would be blocked" : "blocked";
  lines.push(
    `${paint("1", "egress:")} ${summary.allowedCount} allowed, ` +
      paint(summary.blockedCount > 0 ? "31;1" : "32", `${summary.blockedCount} ${blockedWord}`) +
      (options.log === undefined ? "" : `, log in ${options.log}`),
  );
  for (const entry of summary.blocked.slice(0, SHOWN)) {
    lines.push(`  ${paint("31", "x")} ${entryText(entry)}`);
    if (entry.hint !== undefined) {
      lines.push(`      to allow: ${paint("1", entry.hint.replace(CONTROL, "?"))}`);
    } else if (entry.reason !== undefined) lines.push(`      reason: ${entry.reason}`);
  }
  lines.push(...more(summary.blocked.length));
  for (const entry of summary.allowed.slice(0, SHOWN)) {
    lines.push(`  ${paint("32", "+")} ${entryText(entry)}`);
  }
  lines.push(...more(summary.allowed.length));
  return lines.map((line) => line + "\n").join("");
}

// Names come from the network: no escape sequence of theirs reaches the terminal.
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x1f\x7f-\x9f]/g;

function entryText(entry: SummaryEntry): string {
  const text = `${entry.count} x ${entry.destination}` +
    (entry.exe === undefined ? "" : ` by ${entry.exe}`) +
    (entry.step === undefined ? "" : ` (step ${entry.step})`);
  return text.replace(CONTROL, "?");
}

function more(total: number): string[] {
  return total > SHOWN ? [`  ... and ${total - SHOWN} more destinations`] : [];
}
