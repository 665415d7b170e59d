/**
 * Lines on standard output that the runner takes as commands (`::error file=...::message`), escaped as
 * @actions/core does, and text that must not be taken as one. Pure.
 *
 * @module
 */

/** Where an annotation is shown; line and column count from 1. */
export interface AnnotationPlace {
  title?: string;
  file?: string;
  line?: number;
  col?: number;
}

/** One annotation. */
export interface Annotation extends AnnotationPlace {
  level: "error" | "warning" | "notice";
  message: string;
}

/** An annotation as a line. */
export function formatAnnotation({ level, message, ...place }: Annotation): string {
  const properties = (["title", "file", "line", "col"] as const)
    .flatMap((key) => place[key] === undefined ? [] : [`${key}=${escapeProperty(place[key])}`])
    .join(",");
  return `::${level}${properties === "" ? "" : ` ${properties}`}::${escapeData(message)}`;
}

/** A line that has the runner hide a value in all output. */
export function formatMask(secret: string): string {
  return `::add-mask::${escapeData(secret)}`;
}

/**
 * Text from strangers as one line of output that the runner takes for nothing else: `::` counts at a line's
 * beginning, `##[` anywhere in it.
 */
export function plainLine(text: string): string {
  const line = withoutControls(text).replaceAll("##[", "## [");
  return /^\s*::/.test(line) ? `. ${line}` : line;
}

/** Text without control characters: no line end, escape sequence or direction mark of it works. */
export function withoutControls(text: string): string {
  return text.replace(CONTROLS, "\u{fffd}");
}

// C0, DEL, C1, line and paragraph separators, and what changes the direction of text.
// deno-lint-ignore no-control-regex
const CONTROLS = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function escapeData(text: string): string {
  return text.replaceAll("##[", "## [").replaceAll("%", "%25").replaceAll("\r", "%0D")
    .replaceAll("\n", "%0A");
}

function escapeProperty(value: string | number): string {
  return escapeData(String(value)).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
