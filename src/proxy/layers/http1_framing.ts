/**
 * How long a message body is (RFC 9112 section 6), decided from its head alone.
 *
 * @module
 */

import {
  type Header,
  HeadError,
  listOf,
  type RequestHead,
  type ResponseHead,
  valuesOf,
} from "./http1_head.ts";

/** The extent of a body. */
export type Framing =
  | { kind: "none" }
  | { kind: "length"; length: number }
  | { kind: "chunked" }
  /** Responses only: until the connection ends. */
  | { kind: "close" };

const NONE: Framing = { kind: "none" };
const CLOSE: Framing = { kind: "close" };
const CHUNKED: Framing = { kind: "chunked" };
const DIGITS = /^\d{1,15}$/;

/** The framing of a request, or why it has none that every server reads alike. */
export function requestFraming(head: RequestHead): Framing | HeadError {
  const codings = valuesOf(head.headers, "transfer-encoding");
  const lengths = valuesOf(head.headers, "content-length");
  if (codings.length === 0) return lengths.length === 0 ? NONE : oneLength(lengths, false);
  if (lengths.length > 0) return new HeadError("Content-Length beside Transfer-Encoding");
  if (head.minor === 0) return new HeadError("Transfer-Encoding in an HTTP/1.0 message");
  if (codings.length !== 1 || codings[0]!.toLowerCase() !== "chunked") {
    return new HeadError("a Transfer-Encoding other than chunked", 501);
  }
  return CHUNKED;
}

/**
 * The framing of a final response.
 *
 * @param method that of its request: a response to HEAD has no body
 */
export function responseFraming(head: ResponseHead, method: string): Framing | HeadError {
  const codings = listOf(head.headers, "transfer-encoding");
  const lengths = valuesOf(head.headers, "content-length");
  const length = lengths.length === 0 ? undefined : oneLength(lengths, true);
  if (length instanceof HeadError) return length;
  if (method === "HEAD" || head.status === 204 || head.status === 304 || head.status < 200) {
    return NONE;
  }
  if (codings.length === 0) return length ?? CLOSE;
  if (length) return new HeadError("Content-Length beside Transfer-Encoding");
  if (codings.length !== 1 || codings[0] !== "chunked") {
    return new HeadError("a Transfer-Encoding other than chunked", 501);
  }
  return CHUNKED;
}

/** Whether the connection persists after this message (RFC 9112 section 9.3). */
export function keepsAlive(minor: 0 | 1, headers: readonly Header[]): boolean {
  const options = listOf(headers, "connection");
  if (options.includes("close")) return false;
  return minor === 1 || options.includes("keep-alive");
}

/** Servers repeat a Content-Length at times; clients that do are smuggling. */
function oneLength(values: string[], repeats: boolean): Framing | HeadError {
  const first = values[0]!;
  const same = repeats && values.every((value) => value === first);
  if ((values.length > 1 && !same) || !DIGITS.test(first)) {
    return new HeadError("the Content-Length is malformed");
  }
  return { kind: "length", length: Number(first) };
}
