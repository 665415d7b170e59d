/**
 * Writes heads anew from what was parsed, so that the next hop cannot read them in another way.
 *
 * @module
 */

import { fromLatin1 } from "./bytes.ts";
import type { Framing } from "./http1_framing.ts";
import { type Header, listOf, type RequestHead, type ResponseHead } from "./http1_head.ts";

/** Fields that belong to one hop (RFC 9110 section 7.6.1), beside those that Connection names. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authorization",
  "proxy-authenticate",
  "te",
  "transfer-encoding",
  "content-length",
  "upgrade",
  "http2-settings",
]);

/** Fields that Connection must not be able to remove: without them the message means another thing. */
const END_TO_END = new Set([
  "host",
  "content-type",
  "content-encoding",
  "content-range",
  "authorization",
  "cookie",
  "set-cookie",
  "expect",
  "cache-control",
]);

/** What a rebuilt request head takes beside the parsed one. */
export interface RequestShape {
  /** Origin form: path and query. */
  path: string;
  host: string;
  framing: Framing;
  /** Upgrade token to pass on, or none. */
  upgrade?: string;
}

/** A request head for upstream. */
export function buildRequestHead(head: RequestHead, shape: RequestShape): Uint8Array<ArrayBuffer> {
  let text = `${head.method} ${shape.path} HTTP/1.1\r\nHost: ${shape.host}\r\n`;
  text += endToEnd(head.headers, true);
  if (listOf(head.headers, "te").includes("trailers")) text += "TE: trailers\r\n";
  if (shape.upgrade) text += `Connection: Upgrade\r\nUpgrade: ${shape.upgrade}\r\n`;
  else if (listOf(head.headers, "te").includes("trailers")) text += "Connection: TE\r\n";
  return fromLatin1(text + framingFields(shape.framing) + "\r\n");
}

/** What a rebuilt response head takes beside the parsed one. */
export interface ResponseShape {
  framing: Framing;
  /** Tell the client that the connection ends after this response. */
  close: boolean;
  /** Upgrade token of a 101. */
  upgrade?: string;
  /** The client speaks HTTP/1.0 and wants to keep the connection. */
  keepAlive10?: boolean;
  /** Content-Length of a response without a body (HEAD, 304), passed on as it was. */
  bodilessLength?: string;
}

/** A response head for the client. */
export function buildResponseHead(
  head: ResponseHead,
  shape: ResponseShape,
): Uint8Array<ArrayBuffer> {
  let text = `HTTP/1.1 ${head.status} ${head.reason}\r\n` + endToEnd(head.headers, false);
  if (shape.upgrade) text += `Connection: Upgrade\r\nUpgrade: ${shape.upgrade}\r\n`;
  else if (shape.close) text += "Connection: close\r\n";
  else if (shape.keepAlive10) text += "Connection: keep-alive\r\n";
  if (shape.bodilessLength !== undefined) text += `Content-Length: ${shape.bodilessLength}\r\n`;
  return fromLatin1(text + framingFields(shape.framing) + "\r\n");
}

function endToEnd(headers: readonly Header[], request: boolean): string {
  const named = listOf(headers, "connection");
  let text = "";
  for (const field of headers) {
    if (HOP_BY_HOP.has(field.lower) || (request && field.lower === "host")) continue;
    if (named.length > 0 && named.includes(field.lower) && !END_TO_END.has(field.lower)) continue;
    text += `${field.name}: ${field.value}\r\n`;
  }
  return text;
}

function framingFields(framing: Framing): string {
  if (framing.kind === "length") return `Content-Length: ${framing.length}\r\n`;
  return framing.kind === "chunked" ? "Transfer-Encoding: chunked\r\n" : "";
}
