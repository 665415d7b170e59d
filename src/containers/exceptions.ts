/**
 * `allow: privileged image=moby/buildkit:*`: what may be had by which image in spite of the guard.
 *
 * @module
 */

/** What the guard refuses, as exceptions name it. */
export const PRIVILEGES = [
  "privileged",
  "capability",
  "host-namespace",
  "host-network",
  "device",
  "unconfined",
  "mount",
  "socket",
  "cgroup-parent",
] as const;

/** One of {@link PRIVILEGES}. `privileged` covers all the others. */
export type Privilege = typeof PRIVILEGES[number];

/** One line. */
export interface Exception {
  privilege: Privilege;
  /** `*` stands for any text. Absent: any image. */
  image?: string;
  /** For `capability`: `NET_ADMIN`; for `mount`: the path. Absent: all. */
  value?: string;
}

/** A line that is no exception. */
export class ExceptionSyntaxError extends Error {
  override name = "ExceptionSyntaxError";
}

/**
 * Parses lines of `allow: PRIVILEGE[=VALUE] [image=PATTERN]`; empty ones and `#` comments are left out.
 *
 * @throws {ExceptionSyntaxError} with the line's number, from 1
 */
export function parseExceptions(text: string): Exception[] {
  const list: Exception[] = [];
  text.split("\n").forEach((line, index) => {
    const bare = line.replace(/(^|\s)#.*/, "").trim();
    if (bare !== "") list.push(parseLine(bare, index + 1));
  });
  return list;
}

function parseLine(line: string, number: number): Exception {
  const fail = (why: string) => new ExceptionSyntaxError(`containers line ${number}: ${why}`);
  const words = /^allow:\s*(.*)$/.exec(line)?.[1]?.split(/\s+/) ?? [];
  const [what, ...rest] = words;
  if (!what) throw fail(`write "allow: PRIVILEGE image=PATTERN"`);
  const [name, value] = cut(what);
  if (!isPrivilege(name)) throw fail(`${name} is none of ${PRIVILEGES.join(", ")}`);
  if (value !== undefined && name !== "capability" && name !== "mount") {
    throw fail(`${name} takes no value`);
  }
  const exception: Exception = { privilege: name, ...(value !== undefined && { value }) };
  for (const word of rest) {
    const [key, pattern] = cut(word);
    if (key !== "image" || !pattern) throw fail(`${word}: only image=PATTERN may follow`);
    if (exception.image !== undefined) throw fail("image= is given twice");
    exception.image = pattern;
  }
  return exception;
}

function cut(word: string): [string, string | undefined] {
  const at = word.indexOf("=");
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function isPrivilege(name: string): name is Privilege {
  return PRIVILEGES.some((known) => known === name);
}

/** Something that a container asks for, and whose it is. */
export interface Asked {
  privilege: Privilege;
  /** Capability without `CAP_`, or path. */
  value?: string;
}

/**
 * Does an exception cover it?
 *
 * @param image name as the user gave it; undefined if unknown, which no `image=` fits
 */
export function excepted(list: readonly Exception[], asked: Asked, image?: string): boolean {
  return list.some((exception) =>
    (exception.privilege === asked.privilege || exception.privilege === "privileged") &&
    (exception.value === undefined || sameValue(exception.value, asked.value)) &&
    (exception.image === undefined || (image !== undefined && fits(exception.image, image)))
  );
}

function sameValue(wanted: string, value = ""): boolean {
  const bare = (text: string) => text.replace(/^CAP_/i, "").replace(/(.)\/+$/, "$1");
  return bare(wanted) === bare(value);
}

/** `moby/buildkit:*` also fits `docker.io/moby/buildkit:x`, as Docker itself takes them for the same. */
function fits(pattern: string, image: string): boolean {
  const text = pattern.split("*").map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"));
  const expression = new RegExp(`^${text.join(".*")}$`, "s");
  return expression.test(image) || expression.test(familiar(image));
}

/** The short name of an image: no default registry, and a tag. */
export function familiar(image: string): string {
  const short = image.replace(/^(?:index\.)?docker\.io\//, "").replace(/^library\//, "");
  return /[:@][^/]*$/.test(short) ? short : `${short}:latest`;
}
