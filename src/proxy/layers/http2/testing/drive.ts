/**
 * Drives a relay over two sockets, as `mod.ts` says, for tests and measurements.
 *
 * @module
 */

import type { Question, RelayOutput, Side, StreamEnd } from "../output.ts";
import { Relay } from "../relay.ts";

/** What happened on a driven connection. */
export interface Driven {
  ended: StreamEnd[];
  closed: string | undefined;
}

/**
 * Relays between two connected sockets until one ends.
 *
 * @param judge whether a request is allowed; otherwise it is answered 403
 */
export async function drive(
  client: Deno.TcpConn,
  upstream: Deno.TcpConn,
  judge: (question: Question) => boolean,
): Promise<Driven> {
  // A window's last frame must not wait for the acknowledgement of those before it.
  client.setNoDelay();
  upstream.setNoDelay();
  const relay = new Relay({ scheme: "http", port: 80 });
  const driven: Driven = { ended: [], closed: undefined };
  const writes: Record<Side, Promise<void>> = {
    client: Promise.resolve(),
    upstream: Promise.resolve(),
  };
  // Only what a call itself gave is waited for: a side that does not read must not stop its own reading.
  const send = (side: Side, conn: Deno.Conn, bytes: Uint8Array | undefined) =>
    bytes && (writes[side] = writes[side].then(() => writeAll(conn, bytes)));
  const perform = async (output: RelayOutput): Promise<void> => {
    const written = [
      send("client", client, output.toClient),
      send("upstream", upstream, output.toUpstream),
    ];
    driven.ended.push(...output.ended);
    driven.closed ??= output.close?.message;
    for (const question of output.questions) {
      const { stream, path } = question;
      const answer = judge(question)
        ? relay.allow(stream)
        : relay.refuse(stream, 403, `no ${path}\n`);
      written.push(perform(answer));
    }
    await Promise.all(written);
  };
  let closed = false;
  const close = () => {
    if (closed) return;
    closed = true;
    client.close();
    upstream.close();
  };
  const pump = async (side: Side, conn: Deno.Conn) => {
    const buffer = new Uint8Array(16384);
    while (!relay.over && !closed) {
      const count = await conn.read(buffer);
      if (count === null) await perform(relay.lost(side, `${side} closed`));
      else {
        const bytes = buffer.subarray(0, count);
        await perform(side === "client" ? relay.fromClient(bytes) : relay.fromUpstream(bytes));
      }
    }
  };
  // Whichever side ends first closes both sockets, and with them the other's read.
  const [first, second] = await Promise.allSettled([
    pump("client", client).finally(close),
    pump("upstream", upstream).finally(close),
  ]);
  const failed = [first, second].filter((result) => result.status === "rejected");
  if (failed.length > 1) throw failed[0]!.reason;
  return driven;
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}
