/**
 * Building DER (X.690) with node-forge's ASN.1 module alone: its X.509 part would cost ten times the
 * start-up time and cannot sign with P-256.
 *
 * @module
 */

// @ts-types="./forge_asn1.d.ts"
import asn1 from "node-forge/lib/asn1.js";
import { fromLatin1, toLatin1 } from "../layers/bytes.ts";

/** One node of a DER tree. */
export type Node = asn1.Asn1;

const { UNIVERSAL, CONTEXT_SPECIFIC } = asn1.Class;

/** SEQUENCE. */
export function sequence(...items: Node[]): Node {
  return asn1.create(UNIVERSAL, asn1.Type.SEQUENCE, true, items);
}

/** SET. */
export function set(...items: Node[]): Node {
  return asn1.create(UNIVERSAL, asn1.Type.SET, true, items);
}

/** OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Node {
  return asn1.create(UNIVERSAL, asn1.Type.OID, false, asn1.oidToDer(dotted).getBytes());
}

/** A non-negative INTEGER from its big-endian bytes; the first must not be 0 unless it is alone. */
export function integer(bytes: Uint8Array): Node {
  const lead = (bytes[0] ?? 0) > 0x7f ? "\0" : "";
  return asn1.create(UNIVERSAL, asn1.Type.INTEGER, false, lead + toLatin1(bytes));
}

/** BOOLEAN TRUE. */
export function yes(): Node {
  return asn1.create(UNIVERSAL, asn1.Type.BOOLEAN, false, "\xff");
}

/** UTF8String. */
export function utf8(text: string): Node {
  return asn1.create(UNIVERSAL, asn1.Type.UTF8, false, toLatin1(new TextEncoder().encode(text)));
}

/** OCTET STRING. */
export function octets(bytes: Uint8Array): Node {
  return asn1.create(UNIVERSAL, asn1.Type.OCTETSTRING, false, toLatin1(bytes));
}

/** BIT STRING with `unused` bits at its end. */
export function bits(bytes: Uint8Array, unused = 0): Node {
  const text = String.fromCharCode(unused) + toLatin1(bytes);
  return asn1.create(UNIVERSAL, asn1.Type.BITSTRING, false, text);
}

/** UTCTime, or GeneralizedTime from 2050 on (RFC 5280 section 4.1.2.5). */
export function time(date: Date): Node {
  return date.getUTCFullYear() < 2050
    ? asn1.create(UNIVERSAL, asn1.Type.UTCTIME, false, asn1.dateToUtcTime(date))
    : asn1.create(UNIVERSAL, asn1.Type.GENERALIZEDTIME, false, asn1.dateToGeneralizedTime(date));
}

/** A context-specific, constructed tag around other nodes. */
export function tagged(tag: number, ...items: Node[]): Node {
  return asn1.create(CONTEXT_SPECIFIC, tag, true, items);
}

/** A context-specific, primitive tag with bytes. */
export function taggedBytes(tag: number, bytes: Uint8Array): Node {
  return asn1.create(CONTEXT_SPECIFIC, tag, false, toLatin1(bytes));
}

/** Serialises a tree. */
export function encodeDer(node: Node): Uint8Array<ArrayBuffer> {
  return fromLatin1(asn1.toDer(node).getBytes());
}

/**
 * Parses DER that this program or its supervisor made.
 *
 * @throws {Error} if it is no DER
 */
export function decodeDer(bytes: Uint8Array): Node {
  return asn1.fromDer(toLatin1(bytes));
}

/**
 * A child of a constructed node.
 *
 * @throws {TypeError} if there is none at `index`
 */
export function child(node: Node, index: number): Node {
  const found = Array.isArray(node.value) ? node.value[index] : undefined;
  if (!found) throw new TypeError(`the certificate has no element ${index} where one is expected`);
  return found;
}
