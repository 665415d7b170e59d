/**
 * DNS messages, as far as an authoritative server for a handful of names needs them (RFC 1035, section 4).
 *
 * @module
 */

/** The one question of a query. */
export interface Question {
  id: number;
  /** Lower case, without the last dot. */
  name: string;
  /** RFC 1035 section 3.2.2 and successors: 1 A, 5 CNAME, 28 AAAA, 65 HTTPS. */
  type: number;
  /** Where the question ends, so that it can be copied. */
  end: number;
}

/** A record of an answer; its owner is a name in the same form as `Question.name`. */
export interface Answer {
  owner: string;
  type: number;
  /** Seconds. */
  ttl: number;
  data: Uint8Array;
}

/** Response codes (RFC 1035, section 4.1.1). */
export const RCODE = { none: 0, nameError: 3, notImplemented: 4 } as const;

/** Names of the record types that are told apart; any other is `TYPE` and its number (RFC 3597). */
const TYPES: Record<number, string> = {
  1: "A",
  2: "NS",
  5: "CNAME",
  6: "SOA",
  15: "MX",
  16: "TXT",
  28: "AAAA",
  33: "SRV",
  65: "HTTPS",
};

/** A record type's name. */
export function typeName(type: number): string {
  return TYPES[type] ?? `TYPE${type}`;
}

/** Reads a query with exactly one question; undefined if it is none. */
export function readQuestion(message: Uint8Array): Question | undefined {
  if (message.length < 17) return undefined;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const isResponse = (view.getUint16(2) & 0x8000) !== 0;
  if (isResponse || view.getUint16(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = 12;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > 63) return undefined;
    at += 1;
    if (length === 0) break;
    if (at + length > message.length) return undefined;
    labels.push(String.fromCharCode(...message.subarray(at, at + length)));
    at += length;
  }
  if (at + 4 > message.length) return undefined;
  return {
    id: view.getUint16(0),
    name: labels.join(".").toLowerCase(),
    type: view.getUint16(at),
    end: at + 4,
  };
}

/** Writes a response that repeats the query's id and question, byte for byte. */
export function writeResponse(
  query: Uint8Array,
  question: Question,
  rcode: number,
  answers: Answer[],
): Uint8Array {
  const head = new Uint8Array(12);
  const view = new DataView(head.buffer);
  const recursionDesired = (query[2] ?? 0) & 0x01;
  view.setUint16(0, question.id);
  view.setUint8(2, 0x84 | recursionDesired);
  view.setUint8(3, 0x80 | rcode);
  view.setUint16(4, 1);
  view.setUint16(6, answers.length);
  return concat([head, query.subarray(12, question.end), ...answers.map(writeAnswer)]);
}

function writeAnswer(answer: Answer): Uint8Array {
  const fixed = new Uint8Array(10);
  const view = new DataView(fixed.buffer);
  view.setUint16(0, answer.type);
  view.setUint16(2, 1);
  view.setUint32(4, answer.ttl);
  view.setUint16(8, answer.data.length);
  return concat([writeName(answer.owner), fixed, answer.data]);
}

/** A name in wire form, uncompressed. */
export function writeName(name: string): Uint8Array {
  const labels = name === "" ? [] : name.split(".");
  const encoder = new TextEncoder();
  const parts = labels.flatMap((label) => [Uint8Array.of(label.length), encoder.encode(label)]);
  return concat([...parts, Uint8Array.of(0)]);
}

/** An IPv4 address in wire form. */
export function writeIPv4(address: string): Uint8Array {
  return Uint8Array.from(address.split("."), Number);
}

/** An IPv6 address in wire form; `::` may stand once. */
export function writeIPv6(address: string): Uint8Array {
  const [front = "", back = ""] = address.split("::");
  const head = front === "" ? [] : front.split(":");
  const tail = back === "" ? [] : back.split(":");
  const zeros = Array<string>(8 - head.length - tail.length).fill("0");
  const groups = [...head, ...zeros, ...tail].map((group) => parseInt(group, 16));
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

/** A service binding that offers `h2`, for the name itself (RFC 9460, sections 2.2 and 7.1). */
export function writeServiceBinding(): Uint8Array {
  return Uint8Array.of(0, 1, 0, 0, 1, 0, 3, 2, 0x68, 0x32);
}

function concat(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
