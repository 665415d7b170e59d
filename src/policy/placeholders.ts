/**
 * `{owner}` and `{repo}` in a policy.
 *
 * @module
 */

const REPOSITORY = /^([A-Za-z0-9_.-]{1,100})\/([A-Za-z0-9_.-]{1,100})$/;
const PLACEHOLDER = /\{(owner|repo)\}/g;

/** Values of the placeholders. */
export interface Names {
  owner: string;
  repo: string;
}

/** Reads `owner/name`; with anything else nothing is filled in. */
export function parseRepository(repository: unknown): Names | null {
  const match = typeof repository === "string" ? REPOSITORY.exec(repository) : null;
  return match ? { owner: match[1]!, repo: match[2]! } : null;
}

/** Fills the placeholders of a line. */
export function fillPlaceholders(line: string, names: Names): string {
  return line.replace(PLACEHOLDER, (_, key: "owner" | "repo") => names[key]);
}

/**
 * Where in a line something stands that stands at an offset of the filled line; within a value: where
 * its placeholder begins.
 */
export function offsetInSource(line: string, names: Names, at: number): number {
  let shift = 0;
  for (const match of line.matchAll(PLACEHOLDER)) {
    const value = names[match[1] as keyof Names];
    const begin = match.index + shift;
    if (at < begin) break;
    if (at < begin + value.length) return match.index;
    shift += value.length - match[0].length;
  }
  return at - shift;
}

/** Where the first placeholder stands; -1: nowhere. */
export function findPlaceholder(text: string): number {
  return text.search(PLACEHOLDER);
}

/** Stands in a host label for a name that is not known; no policy text can hold it by chance. */
export const ANY_NAME = "any-name-8d41c0e2f7";

/** A label or segment, a whole host, a number, a method. */
const FITTING = [ANY_NAME, `${ANY_NAME}.example`, "1", "GET"];

/** Values that may fit where the placeholders of a line stand. */
export function fittingNames(line: string): Names[] {
  const owners = line.includes("{owner}") ? FITTING : [ANY_NAME];
  const repos = line.includes("{repo}") ? FITTING : [ANY_NAME];
  return owners.flatMap((owner) => repos.map((repo) => ({ owner, repo })));
}
