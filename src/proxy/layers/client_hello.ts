/**
 * Reads the server name and the protocols out of a TLS ClientHello (RFC 8446 section 4.1.2, RFC 6066
 * section 3), reassembled across records. Sans-I/O.
 *
 * @module
 */

import { parseIpv4 } from "./address.ts";
import { toLatin1 } from "./bytes.ts";

/** What the first bytes of a TLS client say. */
export interface ClientHello {
  /**
   * server_name, in lower case and without a trailing dot; absent if the client sent none, or an
   * address (which RFC 6066 forbids, and which says nothing).
   */
  sni?: string;
  /** ALPN protocols in the client's order. */
  alpn: string[];
}

/** The outcome of reading what has arrived so far. */
export type HelloResult =
  | { kind: "hello"; hello: ClientHello }
  | { kind: "more" }
  | { kind: "malformed"; why: string };

/** Longest ClientHello, in bytes with its record headers. */
export const MAX_HELLO = 16 * 1024;

const MAX_RECORD = 16 * 1024;
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const ALPN = 16;
const HOST = /^(?!-)[a-z0-9_.-]{1,253}$/;

/** Reads past the end; caught in this module only. */
class Short extends Error {}

/** Whether the first bytes can be a TLS record with a handshake message: 0x16 0x03. */
export function looksLikeTls(bytes: Uint8Array): boolean {
  return bytes[0] === HANDSHAKE && (bytes.length < 2 || bytes[1] === 3);
}

/**
 * Decodes the first flight of a TLS client.
 *
 * @param bytes all that the client has sent so far
 */
export function parseClientHello(bytes: Uint8Array): HelloResult {
  const message = reassemble(bytes);
  if (!(message instanceof Uint8Array)) return message;
  try {
    return { kind: "hello", hello: readHello(message) };
  } catch (error) {
    if (!(error instanceof Short)) throw error;
    return { kind: "malformed", why: error.message };
  }
}

function reassemble(bytes: Uint8Array): Uint8Array | HelloResult {
  const parts: Uint8Array[] = [];
  let have = 0;
  let need = 4;
  for (let at = 0; have < need;) {
    if (at > MAX_HELLO) return { kind: "malformed", why: "the ClientHello is too long" };
    if (bytes.length < at + 5) return { kind: "more" };
    const size = (bytes[at + 3]! << 8) | bytes[at + 4]!;
    if (bytes[at] !== HANDSHAKE || bytes[at + 1] !== 3 || size === 0 || size > MAX_RECORD) {
      return { kind: "malformed", why: "not a TLS handshake record" };
    }
    const piece = bytes.subarray(at + 5, at + 5 + size);
    parts.push(piece);
    have += piece.length;
    if (have >= 4) need = messageLength(parts);
    if (need < 0 || need > MAX_HELLO) {
      return { kind: "malformed", why: "not a ClientHello of a sane length" };
    }
    if (piece.length < size && have < need) return { kind: "more" };
    at += 5 + size;
  }
  return joined(parts, need);
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0]!.subarray(0, length);
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out.subarray(0, length);
}

/** Length of the handshake message with its header, or -1 if it is no ClientHello. */
function messageLength(parts: readonly Uint8Array[]): number {
  const head = joined(parts, 4);
  return head[0] === CLIENT_HELLO ? 4 + ((head[1]! << 16) | (head[2]! << 8) | head[3]!) : -1;
}

function readHello(message: Uint8Array): ClientHello {
  const reader = new Reader(message.subarray(4));
  reader.take(2 + 32); // legacy_version, random
  reader.vector(1); // legacy_session_id
  reader.vector(2); // cipher_suites
  reader.vector(1); // legacy_compression_methods
  const hello: ClientHello = { alpn: [] };
  if (reader.left === 0) return hello;
  const extensions = new Reader(reader.vector(2));
  const seen = new Set<number>();
  while (extensions.left > 0) {
    const type = extensions.uint(2);
    const body = extensions.vector(2);
    // A repeated extension is a protocol error, and a second SNI could be the one that counts.
    if (seen.has(type)) throw new Short("an extension stands twice");
    seen.add(type);
    if (type === SERVER_NAME) hello.sni = readServerName(body);
    else if (type === ALPN) hello.alpn = readAlpn(body);
  }
  return hello;
}

function readServerName(body: Uint8Array): string | undefined {
  const list = new Reader(new Reader(body).vector(2));
  if (list.uint(1) !== 0) throw new Short("server_name is no host name");
  const name = toLatin1(list.vector(2)).toLowerCase().replace(/\.$/, "");
  if (list.left > 0) throw new Short("server_name has several names");
  if (!HOST.test(name)) throw new Short("server_name is no host name");
  return parseIpv4(name) ? undefined : name;
}

function readAlpn(body: Uint8Array): string[] {
  const list = new Reader(new Reader(body).vector(2));
  const out: string[] = [];
  while (list.left > 0) out.push(toLatin1(list.vector(1)));
  return out;
}

/** Cursor over TLS's length-prefixed presentation language (RFC 8446 section 3). */
class Reader {
  #at = 0;
  constructor(readonly bytes: Uint8Array) {}

  get left(): number {
    return this.bytes.length - this.#at;
  }

  take(count: number): Uint8Array {
    if (count > this.left) throw new Short("the ClientHello is cut short");
    this.#at += count;
    return this.bytes.subarray(this.#at - count, this.#at);
  }

  uint(size: number): number {
    let value = 0;
    for (const byte of this.take(size)) value = value * 256 + byte;
    return value;
  }

  /** A vector with a length prefix of `size` bytes. */
  vector(size: number): Uint8Array {
    return this.take(this.uint(size));
  }
}
