/**
 * Strict decoder of HTTP/1.x message heads (RFC 9112 sections 2-5). What it accepts has one reading.
 *
 * @module
 */

import { toLatin1 } from "./bytes.ts";

/** One field line. `value` has no blanks around it; bytes above 0x7f are Latin-1 characters. */
export interface Header {
  name: string;
  /** `name` in lower case. */
  lower: string;
  value: string;
}

/** A decoded request head. */
export interface RequestHead {
  method: string;
  target: string;
  /** 0 or 1 of HTTP/1.x. */
  minor: 0 | 1;
  headers: Header[];
}

/** A decoded response head. */
export interface ResponseHead {
  /** 100..599 */
  status: number;
  reason: string;
  minor: 0 | 1;
  headers: Header[];
}

/** Why bytes are no head. `status` is what a server answers (RFC 9112 section 3, RFC 6585 section 5). */
export class HeadError extends Error {
  override name = "HeadError";
  /**
   * @param reason what the log calls it
   */
  constructor(
    message: string,
    readonly status: 400 | 431 | 501 | 505 = 400,
    readonly reason: "malformed" | "method" = "malformed",
  ) {
    super(message);
  }
}

/** Largest head, in bytes, with its final empty line. */
export const MAX_HEAD = 64 * 1024;
const MAX_FIELDS = 256;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}) ([\x21-\x7e]+) HTTP\/(\d)\.(\d)$/;
const STATUS_LINE = /^HTTP\/1\.(\d) ([1-5]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;

/**
 * Finds the end of a head.
 *
 * @param from where to begin, so that a caller need not scan again what it has scanned
 * @returns the length of the head with its empty line, or -1 if it is not complete
 */
export function findHeadEnd(bytes: Uint8Array, from = 0): number {
  let at = Math.max(0, from - 3);
  for (;;) {
    at = bytes.indexOf(13, at);
    if (at < 0 || at + 3 >= bytes.length) return -1;
    if (bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) return at + 4;
    at++;
  }
}

/**
 * Decodes a request head.
 *
 * @param bytes exactly one head with its empty line, as {@link findHeadEnd} measured it
 * @returns the head, or why it is none
 */
export function parseRequestHead(bytes: Uint8Array): RequestHead | HeadError {
  const lines = splitLines(bytes);
  if (lines instanceof HeadError) return lines;
  const match = REQUEST_LINE.exec(lines[0]!);
  if (!match) return new HeadError("the request line is malformed");
  if (match[3] !== "1") return new HeadError("only HTTP/1.x is spoken here", 505);
  const headers = parseFields(lines);
  if (headers instanceof HeadError) return headers;
  return { method: match[1]!, target: match[2]!, minor: match[4] === "0" ? 0 : 1, headers };
}

/**
 * Decodes a response head.
 *
 * @param bytes exactly one head with its empty line
 * @returns the head, or why it is none
 */
export function parseResponseHead(bytes: Uint8Array): ResponseHead | HeadError {
  const lines = splitLines(bytes);
  if (lines instanceof HeadError) return lines;
  const match = STATUS_LINE.exec(lines[0]!);
  if (!match) return new HeadError("the status line is malformed");
  const headers = parseFields(lines);
  if (headers instanceof HeadError) return headers;
  return {
    status: Number(match[2]),
    reason: match[3] ?? "",
    minor: match[1] === "0" ? 0 : 1,
    headers,
  };
}

/**
 * Decodes field lines alone: the trailers of a chunked body.
 *
 * @param bytes the lines with the empty line that ends them
 */
export function parseTrailers(bytes: Uint8Array): Header[] | HeadError {
  if (bytes.length === 2) return [];
  const lines = splitLines(bytes);
  if (lines instanceof HeadError) return lines;
  return parseFields(["", ...lines]);
}

/** All values of a field, in order. */
export function valuesOf(headers: readonly Header[], lower: string): string[] {
  const out: string[] = [];
  for (const header of headers) if (header.lower === lower) out.push(header.value);
  return out;
}

/** The members of a comma-separated field, in lower case, without empty ones (RFC 9110 section 5.6.1). */
export function listOf(headers: readonly Header[], lower: string): string[] {
  const out: string[] = [];
  for (const header of headers) {
    if (header.lower !== lower) continue;
    for (const part of header.value.split(",")) {
      const word = part.trim().toLowerCase();
      if (word !== "") out.push(word);
    }
  }
  return out;
}

function splitLines(bytes: Uint8Array): string[] | HeadError {
  if (bytes.length > MAX_HEAD) return new HeadError("the head is too large", 431);
  const bad = findBadByte(bytes);
  if (bad) return new HeadError(bad);
  const lines = toLatin1(bytes.subarray(0, bytes.length - 4)).split("\r\n");
  if (lines.length > MAX_FIELDS + 1) return new HeadError("the head has too many fields", 431);
  return lines;
}

/** Bare CR, bare LF, NUL and other controls are read differently by different servers. */
function findBadByte(bytes: Uint8Array): string | undefined {
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte >= 0x20 ? byte !== 0x7f : byte === 9) continue;
    if (byte === 13 && bytes[i + 1] === 10) {
      i++;
      continue;
    }
    return byte === 10 || byte === 13
      ? "a line end is not CR LF"
      : "a control character in the head";
  }
  return undefined;
}

function parseFields(lines: readonly string[]): Header[] | HeadError {
  const headers: Header[] = [];
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i]!;
    const colon = line.indexOf(":");
    if (colon < 1) return new HeadError("a field line has no name");
    const name = line.slice(0, colon);
    // Also refuses a blank before the colon and obs-fold (RFC 9112 sections 5.1 and 5.2).
    if (!TOKEN.test(name)) return new HeadError("a field name is malformed");
    headers.push({ name, lower: name.toLowerCase(), value: trimBlanks(line, colon + 1) });
  }
  return headers;
}

function trimBlanks(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && isBlank(line.charCodeAt(start))) start++;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end--;
  return line.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 9;
}

/**
 * Whether an incomplete head already holds a line end that no complete one may hold, so that it is
 * refused at once instead of waiting for an empty line that never comes.
 */
export function hasBareLineFeed(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) {
    if (at === 0 || bytes[at - 1] !== 13) return true;
  }
  return false;
}
