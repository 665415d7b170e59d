/**
 * What has no place behind a body.
 *
 * @module
 */

/**
 * Fields that frame, route or authenticate a message, or say what its body is (RFC 9110 section 6.5.1): in
 * trailers they could change how it is read by a server that merges them into the head, which has been judged.
 */
const HEAD_ONLY: ReadonlySet<string> = new Set([
  "transfer-encoding",
  "content-length",
  "host",
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "upgrade",
  "expect",
  "authorization",
  "proxy-authorization",
  "proxy-connection",
  "content-encoding",
  "content-type",
  "content-range",
  "set-cookie",
  "cookie",
]);

/**
 * May a field be passed on in trailers?
 *
 * @param lower its name in lower case
 */
export function mayTrail(lower: string): boolean {
  return !HEAD_ONLY.has(lower);
}
