/**
 * The explicit proxy that clients are told of: HTTP CONNECT (RFC 9110 section 9.3.6) and nothing else. What
 * comes through the tunnel goes to the proxy role as if it had been redirected.
 *
 * @module
 */

import type { Destinations } from "./destinations.ts";
import { relayBetween } from "./relay.ts";

/** What the front works with. */
export interface ConnectParts {
  destinations: Destinations;
  /** The proxy role's port on 127.0.0.1. */
  frontPort: number;
  /** Addresses of a host name; the policy knows of them afterwards. */
  resolve(name: string): Promise<string[]>;
  /** Tells the user why a client was turned away. */
  say(line: string): void;
}

const HOST = "127.0.0.1";
const MAX_HEAD = 16 * 1024;
const CONNECT = /^CONNECT ([A-Za-z0-9_.-]{1,253}):(\d{1,5}) HTTP\/1\.[01]\r\n/;
const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;

/** Serves clients until the listener is closed. */
export async function serveConnect(
  listener: Deno.TcpListener,
  parts: ConnectParts,
): Promise<void> {
  for await (const client of listener) {
    serve(client, parts).catch((error) => parts.say(`a client's connection failed: ${error}`));
  }
}

async function serve(client: Deno.TcpConn, parts: ConnectParts): Promise<void> {
  const head = await readHead(client);
  const match = CONNECT.exec(head);
  if (!match) return await refuse(client, 405, "only CONNECT is served: curl --proxytunnel\n");
  const [name, port] = [match[1]!, Number(match[2])];
  const [ip] = IPV4.test(name) ? [name] : await parts.resolve(name);
  if (ip === undefined) return await refuse(client, 502, `no address is known for ${name}\n`);
  const proxy = await Deno.connect({ hostname: HOST, port: parts.frontPort });
  const own = (proxy.localAddr as Deno.NetAddr).port;
  // The proxy asks as soon as it has accepted, which may be before this turn ends.
  parts.destinations.set("tcp", own, { ip, port });
  try {
    await client.write(new TextEncoder().encode("HTTP/1.1 200 Connected\r\n\r\n"));
    await relayBetween(client, proxy);
  } finally {
    parts.destinations.delete("tcp", own);
  }
}

/** Reads byte by byte: what follows the head is the tunnel's. */
async function readHead(client: Deno.TcpConn): Promise<string> {
  let head = "";
  const byte = new Uint8Array(1);
  while (!head.endsWith("\r\n\r\n") && head.length < MAX_HEAD) {
    if (await client.read(byte) === null) break;
    head += String.fromCharCode(byte[0]!);
  }
  return head;
}

async function refuse(client: Deno.TcpConn, status: number, text: string): Promise<void> {
  const head = `HTTP/1.1 ${status} \r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n`;
  await client.write(new TextEncoder().encode(head + text));
  client.close();
}
