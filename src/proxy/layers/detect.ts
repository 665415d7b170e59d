/**
 * Tells from the first bytes of a connection what its client speaks.
 *
 * @module
 */

import { looksLikeTls } from "./client_hello.ts";
import { toLatin1 } from "./bytes.ts";

/** `more`: the bytes so far fit several. */
export type Detected = "tls" | "http" | "tcp" | "more";

/** How every client in earnest begins: origin, absolute and asterisk form (RFC 9112 section 3.2), CONNECT. */
const REQUEST = /^(?:[A-Z]{1,24} (?:\/|\*|https?:)|CONNECT )/i;
/** How much of a request line that takes. */
const MAX_BEGINNING = 32;
/**
 * A line that some server reads as a request: there may be any blanks (RFC 9112 section 3), and any token is a
 * method. The git protocol also begins with a word and a path, and has no version behind it.
 */
const LENIENT = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+[ \t\v\f\r]+(?:[^]*[ \t\v\f\r])?HTTP\//i;
/** What such a line may begin with, as long as its end has not come. */
const OPEN_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[ \t\v\f\r][^]*)?$/;
/** Longer lines than this, in bytes, and more empty ones before them, are nothing that a server should get. */
const MAX_LINE = 8192;
const MAX_BLANKS = 1024;

/**
 * Classifies what a client sent first. What any server could take for a request counts as one: then it is
 * judged, or refused as malformed, and not relayed unread.
 *
 * @param bytes all bytes so far, at least one
 */
export function detect(bytes: Uint8Array): Detected {
  if (looksLikeTls(bytes)) return bytes.length < 2 ? "more" : "tls";
  const start = leadingBlanks(bytes);
  if (start > MAX_BLANKS) return "http";
  if (start === bytes.length) return "more";
  const beginning = toLatin1(bytes.subarray(start, start + MAX_BEGINNING));
  if (REQUEST.test(beginning)) return "http";
  const end = lineEnd(bytes, start);
  const line = toLatin1(bytes.subarray(start, end));
  if (LENIENT.test(line)) return "http";
  if (!OPEN_LINE.test(line)) return "tcp";
  if (line.length >= MAX_LINE) return "http";
  return end < bytes.length ? "tcp" : "more";
}

/** Servers skip empty lines in front of a request (RFC 9112 section 2.2), so they hide none here. */
function leadingBlanks(bytes: Uint8Array): number {
  let at = 0;
  while (isBlank(bytes[at]) || bytes[at] === 10) at++;
  return at;
}

/** Where a line ends, or what can be no line: at a LF or another control character. */
function lineEnd(bytes: Uint8Array, start: number): number {
  const last = Math.min(bytes.length, start + MAX_LINE);
  let at = start;
  while (at < last && (bytes[at]! >= 0x20 || isBlank(bytes[at]))) at++;
  return at;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 9 || byte === 11 || byte === 12 || byte === 13;
}
