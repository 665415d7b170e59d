/**
 * Patterns in which `*` is any text, also none, and every other character stands for itself.
 *
 * @module
 */

/** A compiled pattern: the texts between its stars. One part: no star. */
export interface Glob {
  source: string;
  parts: string[];
  /** A pattern of stars alone: the text that it stands for may be anything. */
  any: boolean;
}

/** Compiles a pattern. */
export function compileGlob(source: string): Glob {
  const parts = source.split("*");
  return { source, parts, any: parts.length > 1 && parts.every((part) => part === "") };
}

/** Pattern without active stars. */
export function literalGlob(source: string): Glob {
  return { source, parts: [source], any: false };
}

/**
 * Does the text fit the pattern? Leftmost matches of the inner parts suffice, since what lies between
 * them is arbitrary; so there is no backtracking.
 */
export function globMatches(glob: Glob, text: string): boolean {
  const { parts } = glob;
  const first = parts[0]!;
  if (parts.length === 1) return text === first;
  const last = parts[parts.length - 1]!;
  const end = text.length - last.length;
  if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (let i = 1; i < parts.length - 1; i++) {
    const part = parts[i]!;
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/**
 * Is there a text that fits both? With a star in each, what they begin with and what they end with
 * must agree as far as both say something; the middle can hold the parts of both in turn.
 */
export function globsOverlap(a: Glob, b: Glob): boolean {
  if (a.parts.length === 1) return globMatches(b, a.parts[0]!);
  if (b.parts.length === 1) return globMatches(a, b.parts[0]!);
  const [headA, headB] = [a.parts[0]!, b.parts[0]!];
  const [tailA, tailB] = [a.parts.at(-1)!, b.parts.at(-1)!];
  return (headA.startsWith(headB) || headB.startsWith(headA)) &&
    (tailA.endsWith(tailB) || tailB.endsWith(tailA));
}
