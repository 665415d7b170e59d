/**
 * Checks resolvers' answers and reads the addresses out of them.
 *
 * @module
 */

import { Buffer } from "node:buffer";
// @ts-types="./dns_packet.d.ts"
import packet from "dns-packet";
import { parseIpv4 } from "./address.ts";
import { Type } from "./dns_query.ts";

/** An answer that fits its query. */
export interface Answer {
  /** The message for the client, with the resolver's id. */
  bytes: Uint8Array;
  rcode: number;
  truncated: boolean;
  /** Addresses of the name, through its CNAME chain. */
  ips: string[];
  /** Shortest TTL along that chain, in seconds; 0 if there are no addresses. */
  ttl: number;
}

/** Why an answer was dropped. */
export class AnswerError extends Error {
  override name = "AnswerError";
}

const HEADER = 12;
/** TC, of the header's flags (RFC 1035 section 4.1.1). */
const TRUNCATED = 0x0200;
const MAX_CHAIN = 16;
/** Record types that lead around the proxy: IPv6, ECH keys and QUIC hints. */
const STRIPPED: ReadonlySet<string> = new Set([
  "AAAA",
  "SVCB",
  "HTTPS",
  "UNKNOWN_64",
  "UNKNOWN_65",
]);

type Record = packet.Record;

/**
 * Checks an answer against its query.
 *
 * @param question the question section as it was sent: resolvers repeat its spelling (0x20)
 * @param id that the query was sent with
 * @param name asked for, in lower case
 */
export function readAnswer(
  bytes: Uint8Array,
  question: Uint8Array,
  id: number,
  name: string,
): Answer | AnswerError {
  if (bytes.length < HEADER + question.length) return new AnswerError("the answer is cut short");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint16(2);
  if (view.getUint16(0) !== id) return new AnswerError("the answer has another id");
  if (!(flags & 0x8000) || view.getUint16(4) !== 1) return new AnswerError("not an answer");
  for (let i = 0; i < question.length; i++) {
    if (bytes[HEADER + i] !== question[i]) {
      return new AnswerError("the answer is to another question");
    }
  }
  const base = { rcode: flags & 0xf, truncated: (flags & TRUNCATED) !== 0 };
  // It may end within a record; the client only needs to learn that it must ask again by TCP.
  if (base.truncated) return { ...base, bytes: withoutRecords(bytes, question), ips: [], ttl: 0 };
  const decoded = decode(bytes);
  if (!decoded) return new AnswerError("the answer is malformed");
  return { ...base, ...addressesOf(decoded.answers ?? [], name), bytes: strip(bytes, decoded) };
}

/**
 * An answer as it fits into a datagram: if it is too large, one that tells to ask again by TCP.
 *
 * @param limit bytes that the client takes
 */
export function fitted(answer: Answer, question: Uint8Array, limit: number): Answer {
  if (answer.bytes.length <= limit) return answer;
  const bytes = withoutRecords(answer.bytes, question);
  bytes[2]! |= TRUNCATED >> 8;
  return { rcode: answer.rcode, truncated: true, bytes, ips: [], ttl: 0 };
}

function decode(bytes: Uint8Array): packet.Packet | undefined {
  try {
    return packet.decode(Buffer.from(bytes));
  } catch {
    // The library throws whatever its reads run into; all of it means that this is no message.
    return undefined;
  }
}

function withoutRecords(bytes: Uint8Array, question: Uint8Array): Uint8Array {
  const out = bytes.slice(0, HEADER + question.length);
  out.fill(0, 6, HEADER);
  return out;
}

function strip(bytes: Uint8Array, decoded: packet.Packet): Uint8Array {
  const sections = ["answers", "authorities", "additionals"] as const;
  const unwanted = (record: Record) => STRIPPED.has(record.type);
  if (!sections.some((section) => decoded[section]?.some(unwanted))) return bytes;
  const kept: packet.Packet = { ...decoded };
  for (const section of sections) {
    kept[section] = decoded[section]?.filter((record) => !unwanted(record)) ?? [];
  }
  // The library compresses no names: what only helps would not leave room for the answer.
  if (kept.answers!.length > 0) {
    kept.authorities = [];
    kept.additionals = kept.additionals!.filter((record) => record.type === "OPT");
  }
  const out = new Uint8Array(packet.encode(kept));
  out.set(bytes.subarray(2, 4), 2); // flags that the library does not know stay
  return out;
}

function addressesOf(answers: readonly Record[], name: string): { ips: string[]; ttl: number } {
  const ips = new Set<string>();
  let ttl = Infinity;
  let current = name;
  for (let hop = 0; hop < MAX_CHAIN; hop++) {
    const here = answers.filter((record) => record.name.toLowerCase() === current);
    for (const record of here) {
      if (record.type !== "A" || typeof record.data !== "string") continue;
      if (!parseIpv4(record.data)) continue; // the library reads past the end of a short record
      ips.add(record.data);
      ttl = Math.min(ttl, record.ttl ?? 0);
    }
    const alias = here.find((record) => record.type === "CNAME");
    if (ips.size > 0 || !alias || typeof alias.data !== "string") break;
    ttl = Math.min(ttl, alias.ttl ?? 0);
    current = alias.data.toLowerCase();
  }
  return ips.size > 0 ? { ips: [...ips], ttl } : { ips: [], ttl: 0 };
}

/** Whether queries of a type are answered "nothing there" without asking anyone. */
export function isAnsweredEmpty(type: number): boolean {
  return type === Type.AAAA || type === Type.SVCB || type === Type.HTTPS;
}
