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

/** What a raw TCP server does with one connection; returns the bytes it read. */
type Talk = (connection: Deno.TcpConn) => Promise<Uint8Array[]>;

/** Takes whatever comes, says `taken` after the first bytes, and reports all when the client ends. */
export function serveSink(endpoint: Endpoint, report: Report): void {
  serve(endpoint, report, async (connection) => {
    const chunks: Uint8Array[] = [];
    for (;;) {
      const chunk = await read(connection);
      if (!chunk) return chunks;
      chunks.push(chunk);
      if (chunks.length === 1) await connection.write(new TextEncoder().encode("taken\n"));
    }
  });
}

/** Speaks first, as SSH, SMTP or MySQL servers do; takes one message and says goodbye. */
export function serveBanner(endpoint: Endpoint, report: Report): void {
  serve(endpoint, report, async (connection) => {
    await connection.write(new TextEncoder().encode("SSH-2.0-demo\r\n"));
    const chunk = await read(connection);
    if (chunk) await connection.write(new TextEncoder().encode("bye\r\n"));
    return chunk ? [chunk] : [];
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

function serve(endpoint: Endpoint, report: Report, talk: Talk): void {
  const { host, address, port } = endpoint;
  const listener = Deno.listen({ hostname: address, port });
  void (async () => {
    for await (const connection of listener) {
      report({ kind: "connection", host, port });
      void converse(connection, talk).then((data) => report({ kind: "tcp", host, port, data }));
    }
  })();
}

async function converse(connection: Deno.TcpConn, talk: Talk): Promise<string> {
  using open = connection;
  try {
    return (await talk(open)).map(latin1).join("");
  } catch (error) {
    return `(${error})`;
  }
}

async function read(connection: Deno.TcpConn): Promise<Uint8Array | undefined> {
  const buffer = new Uint8Array(16384);
  const count = await connection.read(buffer);
  return count === null ? undefined : buffer.subarray(0, count);
}
