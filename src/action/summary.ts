/**
 * The job's page: what egress decided, in Markdown. Pure; everything that comes from the log goes through escape.ts.
 *
 * @module
 */

import type { Summary, SummaryEntry } from "../protocol/mod.ts";
import { block, code } from "./escape.ts";
import type { Warning } from "./log_totals.ts";
import { diagram } from "./mermaid.ts";

/** What the page is about. */
export interface Page {
  summary: Summary;
  audit: boolean;
  warnings: Warning[];
  /** Name of the artifact with the log, when it was uploaded. */
  artifact?: string;
}

/** Rows of a table; the log has the rest. */
const MAX_ROWS = 100;
const MAX_WARNINGS = 20;
/** Longest name of a step or a process, code points. */
const LONGEST_NAME = 100;
/** GitHub takes 1 MiB of a step. In UTF-16 units, each of which is one byte where it is many: in references. */
const MAX_PAGE = 900 * 1024;

/** Renders the page. */
export function renderPage(page: Page): string {
  const { summary, audit, warnings } = page;
  const sections = [
    `## egress: ${verdict(page)}`,
    numbers(page),
    ...warningList(warnings),
    ...blockedTable(summary.blocked, audit),
    ...rules(summary.blocked),
    ...allowedTable(summary.allowed),
    diagram(summary),
  ];
  return inRoom(sections.filter((section) => section !== ""));
}

function inRoom(sections: string[]): string {
  let page = "";
  for (const section of sections) {
    if (page.length + section.length > MAX_PAGE) {
      return `${page}The page has no room for the rest: see the log.\n`;
    }
    page += `${section}\n\n`;
  }
  return page;
}

function verdict({ summary, audit, warnings }: Page): string {
  const broken = warnings.some((warning) => warning.code === "no_stop");
  if (broken) return "the guard did not live to the end ❌";
  if (summary.blockedCount === 0) return "nothing was blocked ✅";
  return audit ? "the policy would block something ⚠️" : "something was blocked ❌";
}

function numbers({ summary, audit, artifact }: Page): string {
  const mode = audit ? "Audit: nothing was blocked. " : "";
  const blocked = audit ? "would be blocked" : "blocked";
  const log = artifact === undefined ? "" : ` The log is in the artifact ${code(artifact)}.`;
  return `${mode}${summary.allowedCount} allowed, ${summary.blockedCount} ${blocked}.${log}`;
}

function warningList(warnings: Warning[]): string[] {
  if (warnings.length === 0) return [];
  const lines = warnings.slice(0, MAX_WARNINGS).map(({ code: name, message, count }) =>
    `- ${code(name)}: ${code(message)}${count > 1 ? ` (${count} times)` : ""}`
  );
  const more = warnings.length - lines.length;
  return [
    "### Warnings",
    lines.join("\n"),
    ...(more > 0 ? [`... and ${more} more: see the log.`] : []),
  ];
}

function blockedTable(blocked: SummaryEntry[], audit: boolean): string[] {
  const rows = sorted(blocked).map((entry) => [
    ...where(entry),
    code(entry.destination),
    String(entry.count),
    entry.reason === undefined ? "" : code(entry.reason),
    entry.hint === undefined ? "" : code(entry.hint),
  ]);
  const head = ["Step", "Process", "Destination", "Times", "Reason", "Rule to add"];
  return table(audit ? "Would be blocked" : "Blocked", head, rows);
}

function allowedTable(allowed: SummaryEntry[]): string[] {
  const rows = sorted(allowed).map((entry) => [
    ...where(entry),
    code(entry.destination),
    String(entry.count),
  ]);
  return table("Allowed", ["Step", "Process", "Destination", "Times"], rows);
}

/** The rules once more, to copy. */
function rules(blocked: SummaryEntry[]): string[] {
  const hints = new Set(blocked.flatMap(({ hint }) => hint === undefined ? [] : [hint]));
  if (hints.size === 0) return [];
  const lines = [...hints].slice(0, MAX_ROWS);
  const title = "The rules to add, if all of it is meant to happen";
  return [`<details><summary>${title}</summary>\n\n${block(lines)}\n\n</details>`];
}

function table(title: string, head: string[], rows: string[][]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  const shown = rows.slice(0, MAX_ROWS);
  const lines = [line(head), line(head.map(() => "---")), ...shown.map(line)];
  const more = rows.length - shown.length;
  return [
    `### ${title}`,
    lines.join("\n"),
    ...(more > 0 ? [`... and ${more} more: see the log.`] : []),
  ];
}

/** Step by step; within a step, the most frequent first, as they come. */
function sorted(entries: SummaryEntry[]): SummaryEntry[] {
  const steps = [...new Set(entries.map((entry) => entry.step))];
  return steps.flatMap((step) => entries.filter((entry) => entry.step === step));
}

function where({ step, exe }: SummaryEntry): string[] {
  const name = (text: string) => code(text, LONGEST_NAME);
  return [step === undefined ? "" : name(step), exe === undefined ? "unknown" : name(exe)];
}
