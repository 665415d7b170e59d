/**
 * A TLS server and a resolver that leads every name to that, in a network namespace of their own: no lookup is
 * believed that leads to 127.0.0.1. Prints its ports, and ends with its stdin.
 *
 *     unshare --net sh -c 'ip link set lo up; ip addr add 198.51.100.7/32 dev lo; exec deno run -A recorder_world.ts'
 *
 * @module
 */

import { Buffer } from "node:buffer";
// @ts-types="../../src/proxy/layers/dns_packet.d.ts"
import packet from "dns-packet";
import { echoLine, leafFor, Upstream, UPSTREAM_CA } from "./upstream.ts";

const ADDRESS = "198.51.100.7";

interface Query extends packet.Packet {
  questions: { name: string; type: string }[];
}

/** What a test needs of it. */
export interface RecorderWorld {
  port: number;
  /** Of a server that speaks HTTP/2, as `h2.example`. */
  http2Port: number;
  resolver: string;
  /** PEM of the CA that vouches for `a.example` there. */
  ca: string;
}

async function resolve(socket: Deno.DatagramConn): Promise<void> {
  for await (const [bytes, from] of socket) {
    const query = packet.decode(Buffer.from(bytes)) as Query;
    const { name, type } = query.questions[0]!;
    const answers = type === "A" ? [{ type, name, ttl: 60, data: ADDRESS }] : [];
    const answer = { ...query, type: "response", flags: 0x8180, answers, additionals: [] };
    await socket.send(new Uint8Array(packet.encode(answer as packet.Packet)), from);
  }
}

if (import.meta.main) {
  const upstream = await Upstream.tls("a.example", echoLine);
  const socket = Deno.listenDatagram({ transport: "udp", hostname: ADDRESS, port: 53 });
  resolve(socket);
  const http2 = Deno.serve(
    { hostname: ADDRESS, port: 0, onListen() {}, ...await leafFor("h2.example") },
    ({ method, url }) => new Response(`${method} ${url}\n`),
  );
  const world: RecorderWorld = {
    port: upstream.port,
    http2Port: http2.addr.port,
    resolver: ADDRESS,
    ca: UPSTREAM_CA,
  };
  console.log(JSON.stringify(world));
  for await (const _ of Deno.stdin.readable);
  Deno.exit(0);
}
