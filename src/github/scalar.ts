/**
 * Where each character of a YAML scalar's value stands in the file.
 *
 * @module
 */

/** A run of a value's characters that stand in the file exactly as in the value. */
interface Run {
  /** Index of its first character in the value. */
  value: number;
  /** Offset of its first character in the file. */
  source: number;
  length: number;
}

/** The parts of a YAML source token that are needed here (`yaml`'s CST). */
export interface ScalarToken {
  type: string;
  offset: number;
  source: string;
  props?: { source?: string }[];
}

/** Maps an index of a scalar's value to an offset in the file. */
export type Locator = (index: number) => number;

/**
 * Builds the map for one scalar. An index between two runs (a line fold, an escape's inside) maps to
 * the end of the run before it. If the token does not explain the value, everything maps to its start.
 *
 * @param token the scalar's source token
 * @param value what the YAML parser made of it
 */
export function locateScalar(token: ScalarToken, value: string): Locator {
  const runs = token.type === "double-quoted-scalar"
    ? doubleQuoted(token)
    : alignLines(token, value);
  return (index) => {
    const run = lastAtOrBefore(runs, index);
    return run ? run.source + Math.min(index - run.value, run.length) : token.offset;
  };
}

function lastAtOrBefore(runs: readonly Run[], index: number): Run | undefined {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (runs[middle]!.value <= index) low = middle + 1;
    else high = middle;
  }
  return runs[low - 1];
}

/**
 * Block, plain and single-quoted scalars: every line's text stands in the value as it is, one after
 * the other, whatever the folding put between them.
 */
function alignLines(token: ScalarToken, value: string): Run[] {
  const single = token.type === "single-quoted-scalar";
  const bodyOffset = (token.props ?? []).reduce((sum, p) => sum + (p.source?.length ?? 0), 0);
  const body = single ? token.source.slice(1, -1) : token.source;
  const runs: Run[] = [];
  let source = token.offset + bodyOffset + (single ? 1 : 0);
  let from = 0;
  for (const line of body.split("\n")) {
    for (const piece of single ? splitQuotes(line) : [{ text: line, skip: 0 }]) {
      const text = piece.text.trim();
      if (text === "") continue;
      const found = value.indexOf(text, from);
      if (found < 0) return runs;
      const start = source + piece.skip + piece.text.indexOf(text);
      runs.push({ value: found, source: start, length: text.length });
      from = found + text.length;
    }
    source += line.length + 1;
  }
  return runs;
}

/** Pieces of a single-quoted line between its doubled quotes, each with one of the two quotes. */
function splitQuotes(line: string): { text: string; skip: number }[] {
  const pieces: { text: string; skip: number }[] = [];
  let start = 0;
  for (let at = line.indexOf("''"); at >= 0; at = line.indexOf("''", at + 2)) {
    pieces.push({ text: line.slice(start, at + 1), skip: start });
    start = at + 2;
  }
  pieces.push({ text: line.slice(start), skip: start });
  return pieces;
}

/** Length of what follows a backslash in a double-quoted scalar (YAML 1.2.2, 5.7). */
const HEX_DIGITS: Record<string, number> = { x: 2, u: 4, U: 8 };

function doubleQuoted(token: ScalarToken): Run[] {
  const text = token.source;
  const end = text.length - 1;
  const runs: Run[] = [];
  let value = 0;
  let at = 1;
  while (at < end) {
    const special = /[\\\r\n]/g;
    special.lastIndex = at;
    const stop = Math.min(special.exec(text)?.index ?? end, end);
    const fold = stop < end && text[stop] !== "\\";
    // Blanks before a fold are not part of the value.
    const length = (fold ? text.slice(at, stop).trimEnd() : text.slice(at, stop)).length;
    if (length > 0) runs.push({ value, source: token.offset + at, length });
    value += length;
    at = stop;
    if (at >= end) break;
    const step = fold ? foldAt(text, at) : escapeAt(text, at);
    if (step.produced > 0) runs.push({ value, source: token.offset + at, length: 1 });
    value += step.produced;
    at += step.consumed;
  }
  return runs;
}

interface Step {
  /** Characters of the file that were read. */
  consumed: number;
  /** Characters of the value that they stand for. */
  produced: number;
}

/** Line ends and the blanks after each: one is a space, n are n-1 line ends (YAML 1.2.2, 6.5). */
function foldAt(text: string, at: number): Step {
  const blank = /(?:\r?\n[ \t]*)+/y;
  blank.lastIndex = at;
  const run = blank.exec(text)?.[0];
  if (run === undefined) return { consumed: 1, produced: 1 };
  const lines = run.split("\n").length - 1;
  return { consumed: run.length, produced: lines === 1 ? 1 : lines - 1 };
}

function escapeAt(text: string, at: number): Step {
  const letter = text[at + 1] ?? "";
  if (letter === "\n" || letter === "\r") {
    const joined = /\\\r?\n[ \t]*/y;
    joined.lastIndex = at;
    return { consumed: joined.exec(text)?.[0].length ?? 2, produced: 0 };
  }
  const digits = HEX_DIGITS[letter] ?? 0;
  const code = parseInt(text.slice(at + 2, at + 2 + digits), 16);
  return { consumed: 2 + digits, produced: code > 0xffff ? 2 : 1 };
}
