/**
 * Servers below HTTP: sinks, banners, UDP echo.
 *
 * @module
 */

import { latin1 } from "../received.ts";
import type { Report } from "./messages.ts";

/** A host's name in reports, its address and the port to listen on. */
export interface Endpoint {
  host: string;
  address: string;
  port: number;
}

/** A connection of a raw TCP server. */
interface Conversation {
  /** Reads and reports what the client says; false at the end. */
  hear(): Promise<boolean>;
  say(text: string): Promise<void>;
}

/** Takes whatever comes, and says `taken` after the first bytes. */
export function serveSink(endpoint: Endpoint, report: Report): void {
  serve(endpoint, report, async ({ hear, say }) => {
    if (await hear()) await say("taken\n");
    while (await hear());
  });
}

/** Speaks first, as SSH, SMTP or MySQL servers do; takes one message and says goodbye. */
export function serveBanner(endpoint: Endpoint, report: Report): void {
  serve(endpoint, report, async ({ hear, say }) => {
    await say("SSH-2.0-demo\r\n");
    if (await hear()) await say("bye\r\n");
  });
}

/** Sends every datagram back to where it came from. */
export function serveUdpEcho(endpoint: Endpoint, report: Report): void {
  const { host, address, port } = endpoint;
  const socket = Deno.listenDatagram({ transport: "udp", hostname: address, port });
  void (async () => {
    for await (const [bytes, from] of socket) {
      report({ kind: "udp", host, port, data: latin1(bytes) });
      await socket.send(bytes, from);
    }
  })();
}

type Talk = (conversation: Conversation) => Promise<void>;

function serve(endpoint: Endpoint, report: Report, talk: Talk): void {
  const { host, address, port } = endpoint;
  const listener = Deno.listen({ hostname: address, port });
  void (async () => {
    for await (const connection of listener) {
      report({ kind: "connection", host, port });
      void converse(connection, talk, (data) => report({ kind: "tcp", host, port, data }));
    }
  })();
}

async function converse(
  connection: Deno.TcpConn,
  talk: Talk,
  heard: (data: string) => void,
): Promise<void> {
  using open = connection;
  const buffer = new Uint8Array(16384);
  try {
    await talk({
      async hear() {
        const count = await open.read(buffer);
        if (count !== null) heard(latin1(buffer.subarray(0, count)));
        return count !== null;
      },
      async say(text) {
        await open.write(new TextEncoder().encode(text));
      },
    });
  } catch (error) {
    // Clients may break off at any moment, and filtered ones do.
    console.error(
      `world: a raw connection broke: ${error instanceof Error ? error.message : error}`,
    );
  }
}
