/**
 * What header lists must be like (RFC 9113 section 8). What passes has one reading, also for servers
 * that translate it to HTTP/1.1.
 *
 * @module
 */

import { type Field, STATIC_NAMES } from "./hpack/static_table.ts";

/** A header list that is malformed (RFC 9113 section 8.1.1): its stream is reset. */
export class FieldError extends Error {
  override name = "FieldError";
}

const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
// No control but tab, and no blank at either end (RFC 9113 section 8.2.1).
const VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;

/** Fields of a connection, which HTTP/2 has none of (RFC 9113 section 8.2.2). */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Checks a field that is no pseudo-header field.
 *
 * @throws {FieldError} if its name or value may not occur
 */
export function checkField({ name, value }: Field): void {
  if (name.startsWith(":")) throw new FieldError(`${name} where it has no place`);
  if (!STATIC_NAMES.has(name) && !NAME.test(name)) {
    throw new FieldError(`the field name ${JSON.stringify(name)} is malformed`);
  }
  if (!VALUE.test(value)) throw new FieldError(`the value of ${name} is malformed`);
  if (CONNECTION_FIELDS.has(name)) throw new FieldError(`${name} has no place in HTTP/2`);
  if (name === "te" && value !== "trailers") {
    throw new FieldError("te may only say trailers in HTTP/2");
  }
}

/**
 * Checks a trailer section (RFC 9113 section 8.1): no pseudo-header fields.
 *
 * @returns why it is malformed, if it is
 */
export function checkTrailers(fields: readonly Field[]): FieldError | undefined {
  return fieldError(() => fields.forEach(checkField));
}

/**
 * Reads a response's status.
 *
 * @returns 100..599 but never 101, which HTTP/2 has not (RFC 9113 section 8.6); or why it is malformed
 */
export function readStatus(fields: readonly Field[]): number | FieldError {
  const error = fieldError(() => fields.slice(1).forEach(checkField));
  if (error) return error;
  const first = fields[0];
  if (first?.name !== ":status" || !/^[1-5]\d\d$/.test(first.value) || first.value === "101") {
    return new FieldError("a response without a status");
  }
  return Number(first.value);
}

/** Runs checks that throw FieldErrors, and returns what was thrown. */
export function fieldError(check: () => void): FieldError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof FieldError) return error;
    throw error;
  }
}
