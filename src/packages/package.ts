/**
 * What the recognisers of the ecosystems share.
 *
 * @module
 */

/** A package and its version, named as its ecosystem names it. */
export interface Package {
  /** The PURL type: npm, pypi, cargo, gem, maven, nuget, golang. */
  ecosystem: string;
  /** npm: with its scope; maven: `group:artifact`; golang: the module path. */
  name: string;
  version: string;
}

/** A package together with the parts of its PURL. */
export interface Recognised extends Package {
  /** PURL namespace: npm scope, Maven group, directory of a Go module. */
  namespace?: string;
  /** PURL name. */
  base: string;
  qualifiers?: Record<string, string>;
}

/**
 * Recognises one ecosystem's download by the decoded segments of a path.
 *
 * @param segments not empty, percent-decoded, without `;` parameters
 */
export type Recogniser = (segments: readonly string[]) => Recognised | null;

/** Text equality without regard to case, which many servers and all Windows mirrors do not keep. */
export function sameText(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** What is left of `text` after `prefix` and before `suffix`, case ignored; null if it does not fit. */
export function between(text: string, prefix: string, suffix: string): string | null {
  if (text.length < prefix.length + suffix.length) return null;
  if (!sameText(text.slice(0, prefix.length), prefix)) return null;
  if (!sameText(text.slice(text.length - suffix.length), suffix)) return null;
  return text.slice(prefix.length, text.length - suffix.length);
}

/** Does it look like a version: begins with a digit (after an optional `v`), no odd characters? */
export function isVersion(text: string): boolean {
  return /^v?[0-9][0-9A-Za-z.+_~!-]*$/.test(text);
}

/** Is it a plain name: letters, digits, `.`, `_`, `-`, at least one letter or digit? */
export function isName(text: string): boolean {
  return /^[0-9A-Za-z._-]+$/.test(text) && /[0-9A-Za-z]/.test(text);
}
