/**
 * Netlink messages and attributes (linux/netlink.h, linux/netfilter/nfnetlink.h). Sans-I/O. Headers are
 * host-endian (little on x86-64 and arm64); most payloads of netfilter are big-endian.
 *
 * @module
 */

import { viewOf } from "../bpf/layout.ts";

/** Subsystems of nfnetlink. */
export const Subsystem = { conntrack: 1, queue: 3 } as const;

/** Flags of a request. */
export const Flag = { REQUEST: 1, ACK: 4, DUMP: 0x300 } as const;

/** Types of messages of every netlink protocol. */
export const Type = { ERROR: 2, DONE: 3 } as const;

/** Size of `struct nlmsghdr`. */
export const HEADER = 16;
const NF_HEADER = 4;
const ATTRIBUTE = 4;
const NESTED = 0x8000;
const TYPE_MASK = 0x3fff;

/** One nfnetlink message. */
export interface Message {
  subsystem: number;
  type: number;
  seq: number;
  /** nfgenmsg.res_id: the queue number for nfqueue. */
  resource: number;
  attributes: Attributes;
}

/** The kernel's answer to a request: `code` is 0 for an acknowledgement and the end of a list, else an errno. */
export interface ErrorMessage {
  seq: number;
  code: number;
}

/** Attributes by type; of repeated ones the last. */
export type Attributes = Map<number, Uint8Array>;

/** A message of any netlink protocol. */
export interface RawMessage {
  type: number;
  seq: number;
  /** What follows `struct nlmsghdr`. */
  body: Uint8Array;
}

/** Splits one datagram into its messages. What is cut short or does not add up ends the list. */
export function splitMessages(bytes: Uint8Array): RawMessage[] {
  const messages: RawMessage[] = [];
  const view = viewOf(bytes);
  let at = 0;
  while (at + HEADER <= bytes.length) {
    const size = view.getUint32(at, true);
    if (size < HEADER || at + size > bytes.length) break;
    messages.push({
      type: view.getUint16(at + 4, true),
      seq: view.getUint32(at + 8, true),
      body: bytes.subarray(at + HEADER, at + size),
    });
    at += align(size);
  }
  return messages;
}

/** Reads one datagram of nfnetlink, as {@link splitMessages}. */
export function decodeMessages(bytes: Uint8Array): (Message | ErrorMessage)[] {
  return splitMessages(bytes).map(decodeMessage).filter((message) => message !== undefined);
}

function decodeMessage({ type, seq, body }: RawMessage): Message | ErrorMessage | undefined {
  if (body.length < NF_HEADER) return undefined;
  if (type === Type.ERROR || type === Type.DONE) return { seq, code: errorCode(body) };
  if (type < 0x100) return undefined;
  return {
    subsystem: type >> 8,
    type: type & 0xff,
    seq,
    resource: viewOf(body).getUint16(2),
    attributes: decodeAttributes(body.subarray(NF_HEADER)),
  };
}

/** The errno of a message of type `ERROR` or `DONE`. @param body at least 4 bytes */
export function errorCode(body: Uint8Array): number {
  return Math.abs(viewOf(body).getInt32(0, true));
}

/** Reads attributes up to the first that does not fit. */
export function decodeAttributes(bytes: Uint8Array): Attributes {
  const attributes: Attributes = new Map();
  const view = viewOf(bytes);
  let at = 0;
  while (at + ATTRIBUTE <= bytes.length) {
    const size = view.getUint16(at, true);
    if (size < ATTRIBUTE || at + size > bytes.length) break;
    const type = view.getUint16(at + 2, true) & TYPE_MASK;
    attributes.set(type, bytes.subarray(at + ATTRIBUTE, at + size));
    at += align(size);
  }
  return attributes;
}

/** @returns the attribute as a big-endian number, undefined if it is absent or too short */
export function uint32(attributes: Attributes, type: number): number | undefined {
  const bytes = attributes.get(type);
  return bytes && bytes.length >= 4 ? viewOf(bytes).getUint32(0) : undefined;
}

/** As {@link uint32}, for 16 bits. */
export function uint16(attributes: Attributes, type: number): number | undefined {
  const bytes = attributes.get(type);
  return bytes && bytes.length >= 2 ? viewOf(bytes).getUint16(0) : undefined;
}

/** Attributes inside an attribute; empty if it is absent. */
export function nested(attributes: Attributes, type: number): Attributes {
  const bytes = attributes.get(type);
  return bytes ? decodeAttributes(bytes) : new Map();
}

/** An attribute to send: bytes, or a list of attributes inside. */
export type Outgoing = [type: number, value: Uint8Array | Outgoing[]];

/**
 * Encodes one nfnetlink message.
 *
 * @param flags of {@link Flag}; REQUEST is added
 * @param family address family, 0 for any
 */
export function encodeMessage(
  head: {
    subsystem: number;
    type: number;
    seq: number;
    flags?: number;
    family?: number;
    resource?: number;
  },
  attributes: Outgoing[],
): Uint8Array<ArrayBuffer> {
  const body = encodeAttributes(attributes);
  const bytes = new Uint8Array(HEADER + NF_HEADER + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, (head.subsystem << 8) | head.type, true);
  view.setUint16(6, Flag.REQUEST | (head.flags ?? 0), true);
  view.setUint32(8, head.seq, true);
  bytes[HEADER] = head.family ?? 0;
  view.setUint16(HEADER + 2, head.resource ?? 0);
  bytes.set(body, HEADER + NF_HEADER);
  return bytes;
}

function encodeAttributes(attributes: Outgoing[]): Uint8Array {
  const parts = attributes.map(([type, value]) =>
    Array.isArray(value)
      ? encodeAttribute(type | NESTED, encodeAttributes(value))
      : encodeAttribute(type, value)
  );
  return concat(parts);
}

function encodeAttribute(type: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(align(ATTRIBUTE + value.length));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, ATTRIBUTE + value.length, true);
  view.setUint16(2, type, true);
  bytes.set(value, ATTRIBUTE);
  return bytes;
}

/** Joins byte strings. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Big-endian bytes of a 32-bit number. */
export function be32(value: number): Uint8Array {
  return new Uint8Array([value >>> 24, value >>> 16, value >>> 8, value]);
}

/** Big-endian bytes of a 16-bit number. */
export function be16(value: number): Uint8Array {
  return new Uint8Array([value >>> 8, value]);
}

function align(size: number): number {
  return (size + 3) & ~3;
}
