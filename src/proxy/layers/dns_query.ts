/**
 * Decodes DNS queries (RFC 1035 section 4.1, RFC 6891) and writes them anew: what is forwarded holds
 * the question and nothing else that a client chose.
 *
 * @module
 */

import { concat, toLatin1 } from "./bytes.ts";

/** A query with one question. */
export interface Query {
  /** 0..65535 */
  id: number;
  /** In lower case, without the trailing dot; "" is the root. */
  name: string;
  /** RR type, 0..65535. */
  type: number;
  recursionDesired: boolean;
  checkingDisabled: boolean;
  /** The question section as it was sent, with its spelling. */
  question: Uint8Array;
  edns?: { udpSize: number; dnssecOk: boolean };
}

/** Response codes (RFC 1035 section 4.1.1). */
export const Rcode = { ok: 0, formErr: 1, servFail: 2, notImp: 4, refused: 5 } as const;

/** A message that is no acceptable query. Without `rcode` it must not be answered at all. */
export class QueryError extends Error {
  override name = "QueryError";
  constructor(message: string, readonly rcode?: number, readonly id = 0) {
    super(message);
  }
}

/** RR types that matter here. */
export const Type = { A: 1, CNAME: 5, AAAA: 28, OPT: 41, SVCB: 64, HTTPS: 65 } as const;

const IN = 1;
const HEADER = 12;
/** Query-only types above this transfer zones or ask for several types at once (RFC 6895 section 3.1). */
const FIRST_META = 128;
const LAST_META = 255;
const LABEL = /^[A-Za-z0-9_-]{1,63}$/;

/** Decodes one message of a client. Never throws. */
export function parseQuery(bytes: Uint8Array): Query | QueryError {
  if (bytes.length < HEADER) return new QueryError("the message is cut short");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const id = view.getUint16(0);
  const flags = view.getUint16(2);
  if (flags & 0x8000) return new QueryError("a response where a query is expected");
  if ((flags >> 11 & 0xf) !== 0) return new QueryError("not a standard query", Rcode.notImp, id);
  const counts = [4, 6, 8].map((at) => view.getUint16(at));
  if (counts[0] !== 1 || counts[1] !== 0 || counts[2] !== 0) {
    return new QueryError("not one question alone", Rcode.formErr, id);
  }
  const name = readName(bytes);
  if (name instanceof QueryError) return new QueryError(name.message, name.rcode, id);
  const end = name.end + 4;
  if (end > bytes.length) return new QueryError("the question is cut short", Rcode.formErr, id);
  const type = view.getUint16(name.end);
  if (view.getUint16(name.end + 2) !== IN) {
    return new QueryError("a class other than IN", Rcode.refused, id);
  }
  if (type === Type.OPT || (type >= FIRST_META && type <= LAST_META)) {
    return new QueryError("a query type that is not relayed", Rcode.refused, id);
  }
  return {
    id,
    name: name.text,
    type,
    recursionDesired: (flags & 0x0100) !== 0,
    checkingDisabled: (flags & 0x0010) !== 0,
    question: bytes.slice(HEADER, end),
    edns: readEdns(bytes, end, view.getUint16(10)),
  };
}

/** The query as it goes to the resolver: the client's question, and EDNS without its options. */
export function encodeQuery(query: Query, id: number): Uint8Array<ArrayBuffer> {
  const flags = (query.recursionDesired ? 0x0100 : 0) | (query.checkingDisabled ? 0x0010 : 0);
  const head = header(id, flags, query.edns ? 1 : 0);
  if (!query.edns) return concat(head, query.question);
  const opt = new Uint8Array(11);
  const view = new DataView(opt.buffer);
  view.setUint16(1, Type.OPT);
  view.setUint16(3, query.edns.udpSize);
  view.setUint16(7, query.edns.dnssecOk ? 0x8000 : 0);
  return concat(head, query.question, opt);
}

/** A plain query for A records: a lookup of the proxy's own. */
export function encodeLookup(name: string, id: number): Uint8Array<ArrayBuffer> {
  const labels = name.split(".").map((label) => {
    const bytes = new TextEncoder().encode(label);
    return concat(Uint8Array.of(bytes.length), bytes);
  });
  return concat(header(id, 0x0100, 0), ...labels, Uint8Array.of(0, 0, Type.A, 0, IN));
}

/** A response without records: an error, or "there is nothing of that type". */
export function encodeEmpty(
  query: Pick<Query, "id" | "question" | "recursionDesired">,
  rcode: number,
): Uint8Array<ArrayBuffer> {
  const flags = 0x8080 | (query.recursionDesired ? 0x0100 : 0) | rcode;
  return concat(header(query.id, flags, 0), query.question);
}

/** An error response to something whose question could not be read. */
export function encodeError(id: number, rcode: number): Uint8Array<ArrayBuffer> {
  const bytes = header(id, 0x8000 | rcode, 0);
  bytes[5] = 0; // no question
  return bytes;
}

function header(id: number, flags: number, additional: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, id);
  view.setUint16(2, flags);
  view.setUint16(4, 1);
  view.setUint16(10, additional);
  return bytes;
}

/**
 * Names are held to letters, digits, `-` and `_`: a label with a dot in it would read as two, and no
 * rule can name any other.
 */
function readName(bytes: Uint8Array): { text: string; end: number } | QueryError {
  const labels: string[] = [];
  let at = HEADER;
  for (;;) {
    const length = bytes[at];
    if (length === undefined || length > 63) {
      return new QueryError("the name is malformed", Rcode.formErr);
    }
    at++;
    if (length === 0) break;
    const label = toLatin1(bytes.subarray(at, at + length));
    if (label.length < length) return new QueryError("the name is cut short", Rcode.formErr);
    if (!LABEL.test(label)) return new QueryError("the name is no host name", Rcode.refused);
    labels.push(label);
    at += length;
    if (at - HEADER > 254) return new QueryError("the name is too long", Rcode.formErr);
  }
  return { text: labels.join(".").toLowerCase(), end: at };
}

/** An OPT record that stands first in the additional section, as clients send it. */
function readEdns(bytes: Uint8Array, at: number, records: number): Query["edns"] {
  if (records === 0 || bytes.length < at + 11 || bytes[at] !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 11);
  if (view.getUint16(1) !== Type.OPT) return undefined;
  return {
    udpSize: Math.max(512, Math.min(4096, view.getUint16(3))),
    dnssecOk: (view.getUint16(7) & 0x8000) !== 0,
  };
}
