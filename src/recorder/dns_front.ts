/**
 * Where `dig -p` asks: lookups go to the proxy role as if they had been redirected from the resolver.
 *
 * @module
 */

import type { Destination, Destinations } from "./destinations.ts";
import { relayBetween } from "./relay.ts";

/** What the front works with. */
export interface DnsParts {
  destinations: Destinations;
  /** The proxy role's port for lookups, UDP and TCP. */
  dnsPort: number;
  resolver: Destination;
}

const HOST = "127.0.0.1";
/** The proxy answers within five seconds, or not at all. */
const PATIENCE_MS = 12_000;

/** Serves datagrams until the socket is closed. */
export async function serveDatagrams(socket: Deno.DatagramConn, parts: DnsParts): Promise<void> {
  for await (const [bytes, from] of socket) ask(socket, bytes, from, parts);
}

async function ask(
  socket: Deno.DatagramConn,
  query: Uint8Array,
  from: Deno.Addr,
  { destinations, dnsPort, resolver }: DnsParts,
): Promise<void> {
  const own = Deno.listenDatagram({ transport: "udp", hostname: HOST, port: 0 });
  const { port } = own.addr as Deno.NetAddr;
  destinations.set("udp", port, resolver);
  const timer = setTimeout(() => own.close(), PATIENCE_MS);
  try {
    await own.send(query, { transport: "udp", hostname: HOST, port: dnsPort });
    for await (const [answer] of own) {
      await socket.send(answer, from);
      own.close();
      break;
    }
  } finally {
    clearTimeout(timer);
    destinations.delete("udp", port);
  }
}

/** Serves lookups by TCP until the listener is closed. */
export async function serveStreams(listener: Deno.TcpListener, parts: DnsParts): Promise<void> {
  for await (const client of listener) serveStream(client, parts);
}

async function serveStream(client: Deno.TcpConn, parts: DnsParts): Promise<void> {
  const proxy = await Deno.connect({ hostname: HOST, port: parts.dnsPort });
  const { port } = proxy.localAddr as Deno.NetAddr;
  parts.destinations.set("tcp", port, parts.resolver);
  await relayBetween(client, proxy);
  parts.destinations.delete("tcp", port);
}
