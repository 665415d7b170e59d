/**
 * Paths of URLs: normal form, readings, and patterns (policy-language.md, section 4).
 *
 * @module
 */

import { compileGlob, type Glob, globMatches } from "./glob.ts";

const UNRESERVED = /^[A-Za-z0-9._~-]$/;
const ESCAPE = /%([0-9A-Fa-f]{2})/g;
/** Separators that some server or client takes for a slash, alone and together. */
const SEPARATORS = [/\//, /[/\\]/, /\/|%2F/, /\/|\\|%2F|%5C/];
/** Only with one of these do the readings of a path differ. */
const AMBIGUOUS = /\\|%2F|%5C|(?:^|\/)\.\.?(?:\/|$)/;

/**
 * Percent-encoded unreserved characters (RFC 3986, section 2.3) become themselves, and the hex digits
 * of other escapes upper case.
 */
export function normalizeEscapes(path: string): string {
  if (!path.includes("%")) return path;
  return path.replace(ESCAPE, (escape, hex: string) => {
    const char = String.fromCharCode(parseInt(hex, 16));
    return UNRESERVED.test(char) ? char : escape.toUpperCase();
  });
}

/**
 * Every way in which a path may be read, as lists of segments: as it stands, and with its dot
 * segments resolved for each idea of what a slash is. A path is allowed if all of them are.
 *
 * @param path what stands before `?` and `#`; empty: `/`
 * @returns null if decoding it once makes new escapes, so that a second decoder would read it anew
 */
export function pathReadings(path: string): string[][] | null {
  const normal = normalizeEscapes(path === "" ? "/" : path);
  if (normal.includes("%") && normalizeEscapes(normal) !== normal) return null;
  const plain = segmentsOf(normal);
  if (!AMBIGUOUS.test(normal)) return [plain];
  const readings = new Map([[keyOf(plain), plain]]);
  for (const separator of SEPARATORS) {
    const resolved = withoutTrailingSlash(resolveDots(normal.slice(1).split(separator)));
    readings.set(keyOf(resolved), resolved);
  }
  return [...readings.values()];
}

/** Segments hold no slash, so this tells any two readings apart, `[]` and `[""]` too. */
function keyOf(segments: string[]): string {
  return segments.map((segment) => `/${segment}`).join("");
}

/** RFC 3986, section 5.2.4, on segments: a dot segment at the end leaves an empty one. */
function resolveDots(segments: string[]): string[] {
  const out: string[] = [];
  segments.forEach((segment, index) => {
    const last = index === segments.length - 1;
    if (segment === "..") out.pop();
    if (segment !== "." && segment !== "..") out.push(segment);
    else if (last) out.push("");
  });
  return out;
}

function segmentsOf(path: string): string[] {
  return withoutTrailingSlash(path.slice(1).split("/"));
}

function withoutTrailingSlash(segments: string[]): string[] {
  return segments.at(-1) === "" ? segments.slice(0, -1) : segments;
}

/** A compiled path of a rule. */
export interface PathPattern {
  segments: Glob[];
  /** It ends in `*` as a whole segment: any rest, also none. */
  open: boolean;
}

/** Compiles the path of a rule, which begins with a slash. */
export function compilePath(path: string): PathPattern {
  const segments = segmentsOf(normalizeEscapes(path));
  const open = segments.at(-1) === "*";
  return { segments: (open ? segments.slice(0, -1) : segments).map(compileGlob), open };
}

/** Does one reading of a path fit? */
export function pathMatches(pattern: PathPattern, reading: string[]): boolean {
  const { segments, open } = pattern;
  if (open ? reading.length < segments.length : reading.length !== segments.length) return false;
  return segments.every((glob, i) => {
    const segment = reading[i]!;
    return glob.any ? segment !== "" : globMatches(glob, segment);
  });
}

/** A base URL's path and the path of a rule below it, as one. */
export function joinPaths(base: string, path: string): string {
  return `${base}${path}`.replace(/\/{2,}/g, "/");
}
