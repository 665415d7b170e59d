/**
 * Does a datagram look like a DNS query (RFC 1035 section 4)? Strict, so that other protocols are not
 * taken for DNS: one question, nothing but additional records after it, no byte left over. Sans-I/O.
 *
 * @module
 */

import { viewOf } from "../bpf/layout.ts";

const HEADER = 12;
const MAX_NAME = 255;
const MAX_LABEL = 63;
/** OPT (RFC 6891) and TSIG or SIG(0): no client sends more. */
const MAX_ADDITIONAL = 2;
/** IN, CH, ANY. */
const CLASSES = new Set([1, 3, 255]);

/** @param payload all of the datagram's data */
export function isDnsQuery(payload: Uint8Array): boolean {
  if (payload.length < HEADER) return false;
  const view = viewOf(payload);
  const response = payload[2]! & 0x80;
  const opcode = (payload[2]! >> 3) & 15;
  if (response || opcode !== 0) return false;
  if (view.getUint16(4) !== 1 || view.getUint16(6) !== 0 || view.getUint16(8) !== 0) return false;
  const additional = view.getUint16(10);
  if (additional > MAX_ADDITIONAL) return false;
  let at = skipName(payload, HEADER);
  if (at === undefined || at + 4 > payload.length) return false;
  if (!CLASSES.has(view.getUint16(at + 2))) return false;
  at += 4;
  for (let i = 0; i < additional; i++) {
    at = skipRecord(payload, at);
    if (at === undefined) return false;
  }
  return at === payload.length;
}

/** A name without compression: there is nothing before it that it could point to. */
function skipName(bytes: Uint8Array, start: number): number | undefined {
  let at = start;
  while (at < bytes.length) {
    const size = bytes[at]!;
    at += 1 + size;
    if (size > MAX_LABEL || at - start > MAX_NAME) return undefined;
    if (size === 0) return at;
  }
  return undefined;
}

function skipRecord(bytes: Uint8Array, start: number): number | undefined {
  const at = skipName(bytes, start);
  if (at === undefined || at + 10 > bytes.length) return undefined;
  const end = at + 10 + viewOf(bytes).getUint16(at + 8);
  return end <= bytes.length ? end : undefined;
}
