/**
 * JSON files of the engine, read and written without loss.
 *
 * @module
 */

import { isObject, type JsonObject } from "../json.ts";

/** Of JSON, but not yet in TypeScript's library (ECMAScript proposal "JSON.parse source text access"). */
interface SourceText {
  parse(
    text: string,
    reviver: (key: string, value: unknown, at: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
}
const json = JSON as unknown as SourceText;

/** Longer numbers lose digits as doubles: 18446744073709551615 is RLIM_INFINITY. */
const LONG_NUMBER = /\d{16}/;

/**
 * Parses a JSON object; numbers that a double cannot hold stay as they were written.
 *
 * @throws {SyntaxError} if it is no JSON, or no object
 */
export function parseLossless(text: string): JsonObject {
  const value = LONG_NUMBER.test(text)
    ? json.parse(text, (_key, member, { source }) => {
      return typeof member === "number" && source !== undefined && String(member) !== source
        ? json.rawJSON(source)
        : member;
    })
    : JSON.parse(text);
  if (!isObject(value)) throw new SyntaxError("not a JSON object");
  return value;
}

/** Reads one. @throws {SyntaxError} and what reading throws */
export function readJson(path: string): JsonObject {
  return parseLossless(Deno.readTextFileSync(path));
}

/** Replaces a file as a whole; nobody ever sees half of it. Its mode stays. */
export function replaceJson(path: string, value: JsonObject): void {
  const mode = (Deno.statSync(path).mode ?? 0o600) & 0o7777;
  const fresh = `${path}.egress`;
  Deno.writeTextFileSync(fresh, JSON.stringify(value), { mode });
  Deno.renameSync(fresh, path);
}
