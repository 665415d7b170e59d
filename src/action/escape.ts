/**
 * Text from strangers for the job's page: names, URLs, paths and rules of the log work as nothing but text in
 * Markdown, HTML and Mermaid. Pure.
 *
 * @module
 */

import { withoutControls } from "./commands.ts";

/** Longest piece of text, code points, where nothing else is said. */
const LONGEST = 300;
/** Longest label, code points. */
const LONGEST_LABEL = 60;

/**
 * Inline code. Whatever could be markup is a character reference, which Markdown (GFM, CommonMark 6.1 and 2.5) takes
 * as the character itself; in <code> GitHub makes no mentions and no links.
 *
 * @param longest what is longer is cut, code points
 */
export function code(text: string, longest = LONGEST): string {
  const escaped = encode(cut(text, longest), /[^\p{L}\p{N} /-]/gu, (point) => `&#${point};`);
  return `<code>${escaped}</code>`;
}

/**
 * A block of code: each text a line. The fence is longer than any row of backticks in it (CommonMark 4.5).
 */
export function block(lines: string[]): string {
  const text = lines.map((line) => cut(line, LONGEST)).join("\n");
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((row) => row.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}

/** A Mermaid label with its quotes; in it, `#DECIMAL;` is a character and nothing else has a meaning. */
export function label(text: string): string {
  return `"${encode(cut(text, LONGEST_LABEL), /[^A-Za-z0-9 ./-]/gu, (point) => `#${point};`)}"`;
}

function encode(text: string, pattern: RegExp, as: (point: number) => string): string {
  return text.replace(pattern, (char) => as(char.codePointAt(0)!));
}

function cut(text: string, longest: number): string {
  const points = [...withoutControls(text.toWellFormed())];
  return points.length <= longest ? points.join("") : `${points.slice(0, longest - 1).join("")}…`;
}
