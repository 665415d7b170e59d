/**
 * Makes ClientHellos (RFC 8446 section 4.1.2).
 *
 * @module
 */

import { concat, encodeText } from "../bytes.ts";

/** A vector with a length prefix. */
function vector(size: number, ...parts: Uint8Array[]): Uint8Array {
  const body = concat(...parts);
  const prefix = new Uint8Array(size);
  for (let i = 0; i < size; i++) prefix[i] = body.length >> (8 * (size - 1 - i)) & 0xff;
  return concat(prefix, body);
}

/** An extension of any type. */
export const extension = (type: number, body: Uint8Array) =>
  concat(Uint8Array.of(type >> 8, type & 0xff), vector(2, body));
/** A server_name extension with these names (RFC 6066 section 3). */
export const serverName = (...names: string[]) =>
  extension(0, vector(2, ...names.map((n) => concat(Uint8Array.of(0), vector(2, encodeText(n))))));
/** An ALPN extension for HTTP/2 and HTTP/1.1. */
export const alpn = extension(
  16,
  vector(2, vector(1, encodeText("h2")), vector(1, encodeText("http/1.1"))),
);

/** A ClientHello in records of `size` bytes. */
export function hello(extensions: Uint8Array[], size = 16384): Uint8Array {
  const body = concat(
    Uint8Array.of(3, 3),
    new Uint8Array(32),
    vector(1, new Uint8Array(32)),
    vector(2, Uint8Array.of(0x13, 1)),
    vector(1, Uint8Array.of(0)),
    vector(2, ...extensions),
  );
  const message = concat(Uint8Array.of(1), vector(3, body));
  const records: Uint8Array[] = [];
  for (let at = 0; at < message.length; at += size) {
    records.push(concat(Uint8Array.of(22, 3, 1), vector(2, message.subarray(at, at + size))));
  }
  return concat(...records);
}
