/**
 * Tells from the first bytes of a connection what its client speaks.
 *
 * @module
 */

import { looksLikeTls } from "./client_hello.ts";
import { toLatin1 } from "./bytes.ts";

/** `more`: the bytes so far fit several. */
export type Detected = "tls" | "http" | "tcp" | "more";

const METHOD = /^[A-Z]{1,24}$/;
/** More empty lines than this in front of anything are nothing that a server should get. */
const MAX_LINE_ENDS = 1024;
/** How much of a request line is looked at for its target. */
const MAX_PEEK = 26;

/**
 * Classifies what a client sent first. A request line is an upper-case method and a blank before its
 * target; what only begins so (an SSH banner, a STARTTLS dialogue) shows itself within 26 bytes.
 *
 * @param bytes all bytes so far, at least one
 */
export function detect(bytes: Uint8Array): Detected {
  if (looksLikeTls(bytes)) return bytes.length < 2 ? "more" : "tls";
  const start = leadingLineEnds(bytes);
  if (start > MAX_LINE_ENDS) return "http";
  if (start === bytes.length) return "more";
  const text = toLatin1(bytes.subarray(start, start + MAX_PEEK));
  const blank = text.indexOf(" ");
  if (blank < 0) return METHOD.test(text) && text.length < MAX_PEEK ? "more" : "tcp";
  if (!METHOD.test(text.slice(0, blank))) return "tcp";
  const target = text[blank + 1];
  if (target === undefined) return "more";
  // Origin form, absolute form, asterisk form, authority form of CONNECT (RFC 9112 section 3.2).
  return target === "/" || /^[hH*]/.test(target) || text.startsWith("CONNECT ") ? "http" : "tcp";
}

/** Servers skip empty lines in front of a request (RFC 9112 section 2.2), so they hide none here. */
function leadingLineEnds(bytes: Uint8Array): number {
  let at = 0;
  while (bytes[at] === 13 || bytes[at] === 10) at++;
  return at;
}
