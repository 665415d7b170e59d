/**
 * X.509 certificates (RFC 5280) with P-256 keys, as a CA of one run needs them.
 *
 * @module
 */

import { type KeyObject, sign } from "node:crypto";
import * as der from "./der.ts";
import { toPem } from "./pem.ts";

const ECDSA_SHA256 = "1.2.840.10045.4.3.2";
const COMMON_NAME = "2.5.4.3";
const SUBJECT_KEY_ID = "2.5.29.14";
const KEY_USAGE = "2.5.29.15";
const SUBJECT_ALT_NAME = "2.5.29.17";
const BASIC_CONSTRAINTS = "2.5.29.19";
const AUTHORITY_KEY_ID = "2.5.29.35";
const EXTENDED_KEY_USAGE = "2.5.29.37";
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";

/** ASN.1 tags of a GeneralName (RFC 5280 section 4.2.1.6). */
const DNS_NAME = 2;
const IP_ADDRESS = 7;

/** A clock that was ahead may be set back: by hours, when a time zone was taken for another. */
export const BACKDATE_MS = 24 * 60 * 60 * 1000;

/** What a certificate says. */
export interface Template {
  subject: der.Node;
  issuer: der.Node;
  /** SubjectPublicKeyInfo, DER. */
  publicKey: Uint8Array;
  /** Milliseconds from now. */
  lifetimeMs: number;
  extensions: der.Node[];
}

/**
 * Signs a certificate with a P-256 key and gives it as PEM. At once and on this thread: WebCrypto signs in the pool
 * where Deno's closing of TLS 1.3 clients waits 100 ms each, so that 600 closes held a leaf up for 2 s.
 */
export function issue(template: Template, key: KeyObject): string {
  const algorithm = der.sequence(der.oid(ECDSA_SHA256));
  const now = Date.now();
  const serial = crypto.getRandomValues(new Uint8Array(16));
  serial[0] = serial[0]! & 0x7f | 0x40;
  const tbs = der.sequence(
    der.tagged(0, der.integer(Uint8Array.of(2))), // v3
    der.integer(serial),
    algorithm,
    template.issuer,
    der.sequence(
      der.time(new Date(now - BACKDATE_MS)),
      der.time(new Date(now + template.lifetimeMs)),
    ),
    template.subject,
    der.decodeDer(template.publicKey),
    der.tagged(3, der.sequence(...template.extensions)),
  );
  const signature = sign("sha256", der.encodeDer(tbs), key); // DER, as X.509 wants it
  const signed = der.sequence(tbs, algorithm, der.bits(signature));
  return toPem("CERTIFICATE", der.encodeDer(signed));
}

/** A distinguished name with a common name alone. */
export function commonName(text: string): der.Node {
  return der.sequence(der.set(der.sequence(der.oid(COMMON_NAME), der.utf8(text))));
}

/** The subject of a leaf: its name is in the SAN, and a common name must not exceed 64 characters. */
export const EMPTY_NAME: der.Node = der.sequence();

/** The key identifier of RFC 7093 section 2, method 1: 20 bytes. */
export async function keyIdOf(publicKey: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", publicKey)).subarray(0, 20);
}

/** The extensions of a CA that may only sign leaves. */
export function caExtensions(keyId: Uint8Array): der.Node[] {
  return [
    extension(
      BASIC_CONSTRAINTS,
      true,
      der.sequence(der.yes(), der.integer(Uint8Array.of(0))),
    ),
    // keyCertSign and cRLSign
    extension(KEY_USAGE, true, der.bits(Uint8Array.of(0x06), 1)),
    extension(SUBJECT_KEY_ID, false, der.octets(keyId)),
  ];
}

/**
 * The extensions of a server's leaf.
 *
 * @param address the host's bytes if it is an address: its SAN is an iPAddress then
 */
export function leafExtensions(
  host: string,
  address: Uint8Array | undefined,
  keyId: Uint8Array,
  issuerKeyId: Uint8Array,
): der.Node[] {
  const name = address
    ? der.taggedBytes(IP_ADDRESS, address)
    : der.taggedBytes(DNS_NAME, new TextEncoder().encode(host));
  return [
    extension(BASIC_CONSTRAINTS, true, der.sequence()),
    extension(KEY_USAGE, true, der.bits(Uint8Array.of(0x80), 7)), // digitalSignature
    extension(EXTENDED_KEY_USAGE, false, der.sequence(der.oid(SERVER_AUTH))),
    // Critical because the subject is empty (RFC 5280 section 4.2.1.6).
    extension(SUBJECT_ALT_NAME, true, der.sequence(name)),
    extension(SUBJECT_KEY_ID, false, der.octets(keyId)),
    extension(AUTHORITY_KEY_ID, false, der.sequence(der.taggedBytes(0, issuerKeyId))),
  ];
}

function extension(id: string, critical: boolean, value: der.Node): der.Node {
  const body = der.octets(der.encodeDer(value));
  return critical ? der.sequence(der.oid(id), der.yes(), body) : der.sequence(der.oid(id), body);
}
