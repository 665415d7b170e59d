/**
 * Asking a resolver, by UDP or TCP, from a socket of its own a query: its random port and id are what
 * an off-path attacker must guess.
 *
 * @module
 */

import { closeQuietly, isConnectionError } from "../io/stream.ts";
import { TooSlow, within } from "../io/time_limit.ts";
import { concat, EMPTY } from "../layers/bytes.ts";
import { type Answer, AnswerError, readAnswer } from "../layers/dns_answer.ts";

/** A resolver's address. */
export interface ResolverAddress {
  hostname: string;
  port: number;
}

/** A message to send, and what identifies its answer. */
export interface Asked {
  /** Encodes the query under an id. */
  encode(id: number): Uint8Array;
  question: Uint8Array;
  name: string;
  /** Hears each answer and what was read from it. */
  heard?(id: number, bytes: Uint8Array, read: Answer | AnswerError): void;
}

const ANSWER_MS = 5000;

/** @returns a random query id */
function randomId(): number {
  return crypto.getRandomValues(new Uint16Array(1))[0]!;
}

/**
 * Asks by UDP. Datagrams that are no answer to this very question are ignored.
 *
 * @returns the answer, or undefined if there is none within 5 s
 */
export async function askUdp(to: ResolverAddress, asked: Asked): Promise<Answer | undefined> {
  const id = randomId();
  let socket: Deno.DatagramConn | undefined;
  try {
    socket = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
    await socket.send(asked.encode(id), { transport: "udp", ...to });
    return await within(receive(socket, to, asked, id), ANSWER_MS);
  } catch (error) {
    if (!isConnectionError(error) && !(error instanceof TooSlow)) throw error;
    return undefined;
  } finally {
    closeQuietly(socket);
  }
}

async function receive(
  socket: Deno.DatagramConn,
  to: ResolverAddress,
  asked: Asked,
  id: number,
): Promise<Answer | undefined> {
  const buffer = new Uint8Array(8192);
  for (;;) {
    const received = await socket.receive(buffer).catch(ended);
    if (!received) return undefined;
    const [bytes, from] = received;
    const { hostname, port } = from as Deno.NetAddr;
    if (hostname !== to.hostname || port !== to.port) continue;
    const answer = readAnswer(bytes, asked.question, id, asked.name);
    asked.heard?.(id, bytes, answer);
    if (!(answer instanceof AnswerError)) return answer;
  }
}

/**
 * Asks by TCP.
 *
 * @returns the answer, or undefined if there is none within 5 s
 */
export async function askTcp(to: ResolverAddress, asked: Asked): Promise<Answer | undefined> {
  const id = randomId();
  let conn: Deno.TcpConn | undefined;
  try {
    conn = await within(Deno.connect(to), ANSWER_MS, closeQuietly);
    const bytes = frame(asked.encode(id));
    for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
    const message = await within(readFrame(conn), ANSWER_MS);
    const answer = message && readAnswer(message, asked.question, id, asked.name);
    if (answer) asked.heard?.(id, message, answer);
    return answer instanceof AnswerError ? undefined : answer;
  } catch (error) {
    if (!isConnectionError(error) && !(error instanceof TooSlow)) throw error;
    return undefined;
  } finally {
    closeQuietly(conn);
  }
}

/** A message as DNS over TCP sends it (RFC 1035 section 4.2.2). */
export function frame(message: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(message.length >> 8, message.length & 0xff), message);
}

async function readFrame(conn: Deno.TcpConn): Promise<Uint8Array | undefined> {
  let have: Uint8Array = EMPTY;
  const buffer = new Uint8Array(4096);
  for (;;) {
    const length = have.length < 2 ? Infinity : (have[0]! << 8 | have[1]!) + 2;
    if (have.length >= length) return have.subarray(2, length);
    const count = await conn.read(buffer).catch(ended);
    if (count === null) return undefined;
    have = concat(have, buffer.subarray(0, count));
  }
}

/** The asker gave up and closed the socket, or the resolver did: there is no answer either way. */
function ended(error: unknown): null {
  if (!isConnectionError(error)) throw error;
  return null;
}
