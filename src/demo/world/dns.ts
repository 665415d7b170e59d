/**
 * The authoritative name server, over UDP and TCP.
 *
 * @module
 */

import { CNAMES, findHost, type Host } from "../hosts.ts";
import type { Report } from "./messages.ts";
import {
  type Answer,
  type Question,
  RCODE,
  readQuestion,
  typeName,
  writeIPv4,
  writeIPv6,
  writeName,
  writeResponse,
  writeServiceBinding,
} from "./wire.ts";

/** Seconds that answers live: the least that a resolver's user may count on. */
const TTL = 60;

/** Who answers, and whom that is told. */
interface Authority {
  hosts: readonly Host[];
  report: Report;
}

/** Answers on both transports of an address, for as long as the process lives. */
export function serveDns(address: string, hosts: readonly Host[], report: Report): void {
  const authority = { hosts, report };
  const socket = Deno.listenDatagram({ transport: "udp", hostname: address, port: 53 });
  const listener = Deno.listen({ hostname: address, port: 53 });
  void serveDatagrams(socket, authority);
  void serveStreams(listener, authority);
}

async function serveDatagrams(socket: Deno.DatagramConn, authority: Authority): Promise<void> {
  for await (const [message, from] of socket) {
    const response = answer(message, "udp", authority);
    if (response) await socket.send(response, from);
  }
}

async function serveStreams(listener: Deno.TcpListener, authority: Authority): Promise<void> {
  for await (const connection of listener) {
    void serveStream(connection, authority).catch((error: unknown) => {
      // A client may leave at any moment; the others are served on.
      console.error(`dns over tcp: ${error}`);
    });
  }
}

/** Messages with a length of two bytes in front of each (RFC 1035, section 4.2.2). */
async function serveStream(connection: Deno.TcpConn, authority: Authority): Promise<void> {
  using open = connection;
  let buffer = new Uint8Array(0);
  for await (const chunk of open.readable) {
    const joined = new Uint8Array(buffer.length + chunk.length);
    joined.set(buffer);
    joined.set(chunk, buffer.length);
    buffer = joined;
    for (;;) {
      const length = ((buffer[0] ?? 0) << 8) | (buffer[1] ?? 0);
      if (buffer.length < 2 || buffer.length < 2 + length) break;
      const response = answer(buffer.slice(2, 2 + length), "tcp", authority);
      buffer = buffer.slice(2 + length);
      if (response) await writeAll(open, framed(response));
    }
  }
}

function framed(message: Uint8Array): Uint8Array {
  const frame = new Uint8Array(2 + message.length);
  new DataView(frame.buffer).setUint16(0, message.length);
  frame.set(message, 2);
  return frame;
}

async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

function answer(
  message: Uint8Array,
  transport: "udp" | "tcp",
  { hosts, report }: Authority,
): Uint8Array | undefined {
  const question = readQuestion(message);
  if (!question) return undefined;
  report({ kind: "dns", transport, name: question.name, type: typeName(question.type) });
  const records = recordsOf(question, hosts);
  return writeResponse(
    message,
    question,
    records ? RCODE.none : RCODE.nameError,
    records ?? [],
  );
}

function recordsOf(question: Question, hosts: readonly Host[]): Answer[] | undefined {
  const target = CNAMES[question.name];
  const owner = target ?? question.name;
  const host = findHost(owner, hosts);
  if (!host) return undefined;
  const records: Answer[] = [];
  if (target) records.push({ owner: question.name, type: 5, ttl: TTL, data: writeName(target) });
  const data = dataOf(question.type, host.address, host.address6);
  if (data) records.push({ owner, type: question.type, ttl: TTL, data });
  return records;
}

function dataOf(type: number, address: string, address6?: string): Uint8Array | undefined {
  switch (typeName(type)) {
    case "A":
      return writeIPv4(address);
    case "AAAA":
      return address6 === undefined ? undefined : writeIPv6(address6);
    case "HTTPS":
      return writeServiceBinding();
    case "TXT":
      return Uint8Array.of(5, ...new TextEncoder().encode("hello"));
    default:
      return undefined;
  }
}
