/**
 * Redirected TCP connections, from accept to the protocol that they turn out to speak.
 *
 * @module
 */

import { serveDnsStream } from "../dns/tcp_server.ts";
import { acceptAll } from "../io/accept.ts";
import { filled, StreamReader } from "../io/reader.ts";
import { closeQuietly } from "../io/stream.ts";
import { settled } from "../io/time_limit.ts";
import { type HelloResult, parseClientHello } from "../layers/client_hello.ts";
import { detect, type Detected } from "../layers/detect.ts";
import { Connection, connectionId, refusal } from "./connection.ts";
import { reportFault } from "./fault.ts";
import { HttpSession } from "./http_session.ts";
import type { Live, Proxy } from "./proxy.ts";
import { serveTcp } from "./tcp.ts";
import { serveTls } from "./tls.ts";

/** More connections than this at a time are refused. */
const MAX_CONNECTIONS = 20_000;
/** How long the rest of a ClientHello or request line may take once its beginning is there. */
const REST_MS = 10_000;
const DNS_PORT = 53;

/** A connection that is not yet known well enough to be more than a socket. */
class Incoming implements Live {
  readonly idle = false;
  constructor(readonly socket: Deno.TcpConn) {}
  abort(): void {
    closeQuietly(this.socket);
  }
}

/**
 * Accepts and serves connections until the listener is closed.
 *
 * @param dns whatever comes here was sent to a resolver, whatever its port
 */
export function serveFront(
  proxy: Proxy,
  listener: Deno.TcpListener,
  dns = false,
): Promise<void> {
  return acceptAll(listener, (socket) => serve(proxy, socket, dns));
}

async function serve(proxy: Proxy, socket: Deno.TcpConn, dns: boolean): Promise<void> {
  const incoming = new Incoming(socket);
  if (proxy.state.connections >= MAX_CONNECTIONS) {
    return refuseUnknown(proxy, socket, "unavailable");
  }
  if (proxy.state.closed) return refuseUnknown(proxy, socket, proxy.state.closed);
  proxy.live.add(incoming);
  proxy.state.connections++;
  try {
    socket.setNoDelay(true);
    await identify(proxy, socket, dns);
  } catch (error) {
    reportFault(proxy, error);
  } finally {
    proxy.live.delete(incoming);
    proxy.state.connections--;
    closeQuietly(socket);
  }
}

async function identify(proxy: Proxy, socket: Deno.TcpConn, dns: boolean): Promise<void> {
  const { hostname: src_ip, port: src_port } = socket.remoteAddr as Deno.NetAddr;
  const { hostname: local_ip, port: local_port } = socket.localAddr as Deno.NetAddr;
  await proxy.supervisor.congestion;
  const asking = proxy.kernel.flow({ protocol: "tcp", src_ip, src_port, local_ip, local_port });
  const reader = new StreamReader(socket);
  reader.prefetch(); // the client's first bytes arrive while the kernel role looks it up
  const flow = await asking;
  if (!flow.ok) return refuseUnknown(proxy, socket, flow.reason);
  const connection = new Connection(proxy, flow, socket, src_port);
  if (dns || flow.dst_port === DNS_PORT) return await serveDnsStream(proxy, connection, reader);
  const kind = await sniff(reader, proxy.settings.silentMs);
  proxy.tap?.detected(connection.id, reader.buffered, kind);
  await serveAs(kind, connection, reader);
}

async function serveAs(
  kind: Exclude<Detected, "more">,
  connection: Connection,
  reader: StreamReader,
): Promise<void> {
  if (kind === "tcp") {
    return await serveTcp(connection, reader, (late) => serveAs(late, connection, reader));
  }
  if (kind === "tls") {
    const result = await readHello(reader);
    connection.proxy.tap?.hello(connection.id, reader.buffered, result);
    if (result.kind === "hello") return await serveTls(connection, reader, result.hello);
    const message = result.kind === "malformed" ? result.why : "the ClientHello broke off";
    return connection.log("https", refusal("malformed", false), { message });
  }
  const { flow, socket } = connection;
  const session = new HttpSession(connection, socket, socket, {
    scheme: "http",
    address: flow.dst_ip,
    reader,
  });
  await session.run();
}

/** Waits for enough bytes to tell the protocol; who stays silent is waiting for its server. */
async function sniff(
  reader: StreamReader,
  silentMs: number,
): Promise<Exclude<Detected, "more">> {
  if (reader.size === 0 && !reader.ended) await settled(filled(reader), silentMs);
  for (;;) {
    if (reader.size === 0) return "tcp";
    const kind = detect(reader.buffered);
    if (kind !== "more") return kind;
    if (!await moreWithin(reader, REST_MS)) return "tcp";
  }
}

async function readHello(reader: StreamReader): Promise<HelloResult> {
  for (;;) {
    const result = parseClientHello(reader.buffered);
    if (result.kind !== "more" || !await moreWithin(reader, REST_MS)) return result;
  }
}

async function moreWithin(reader: StreamReader, ms: number): Promise<boolean> {
  const before = reader.size;
  await settled(filled(reader), ms);
  return reader.size > before;
}

function refuseUnknown(
  proxy: Proxy,
  socket: Deno.TcpConn,
  reason: "direct" | "unattributed" | "unavailable" | "log_failed",
): void {
  const { port } = socket.remoteAddr as Deno.NetAddr;
  proxy.supervisor.log({
    ts: new Date().toISOString(),
    type: "tcp",
    policy: "deny",
    reason,
    src_port: port,
    conn: connectionId(),
  });
  closeQuietly(socket);
}
