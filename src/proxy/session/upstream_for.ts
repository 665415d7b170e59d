/**
 * Finds the upstream connection for a session's requests.
 *
 * @module
 */

import type { Stream } from "../io/stream.ts";
import { dialTcp, dialTls } from "../upstream/dial.ts";
import { dialInsecure } from "../upstream/insecure.ts";
import { HTTP1, type Upstream } from "../upstream/pool.ts";
import type { Connection } from "./connection.ts";
import type { HttpSession } from "./http_session.ts";

/** Where an upstream is, and how it is to be reached. */
export interface Route {
  scheme: "http" | "https";
  /** Name that the certificate must be for. */
  host: string;
  address: string;
  /** Do not verify the certificate. */
  insecure: boolean;
  /** Protocols to offer (RFC 7301), the preferred one first. */
  alpn: readonly string[];
}

/**
 * An upstream connection: an idle one of the same process to the same place, or a new one.
 *
 * @throws {UpstreamError} if there is none to be had
 */
export async function connectUpstream(
  connection: Connection,
  route: Route,
  fresh = false,
): Promise<Upstream> {
  const { pool } = connection.proxy;
  const key = poolKey(connection, route);
  const idle = fresh ? undefined : pool.take(key);
  if (idle) return idle;
  const { stream, alpn } = await dial(connection, route);
  return pool.adopt(stream, key, route.address, alpn);
}

/**
 * The session's upstream for its next request.
 *
 * @param fresh make a new connection: an old one has just turned out to be stale
 * @throws {UpstreamError} if there is none to be had
 */
export async function openUpstream(session: HttpSession, fresh: boolean): Promise<Upstream> {
  const ready = session.upstream;
  session.upstream = undefined;
  if (ready?.usable && !fresh) return ready;
  if (ready) session.connection.proxy.pool.discard(ready);
  const route = {
    scheme: session.start.scheme,
    host: session.start.host ?? session.address,
    address: session.address,
    insecure: session.start.verdict?.insecure ?? false,
    alpn: [HTTP1],
  };
  return await connectUpstream(session.connection, route, fresh);
}

async function dial(
  connection: Connection,
  route: Route,
): Promise<{ stream: Stream; alpn?: string | undefined }> {
  const { flow, proxy } = connection;
  if (route.scheme === "http") return { stream: await dialTcp(route.address, flow.dst_port) };
  const { upstreamCas, insecureSocket } = proxy.settings;
  const { address, host: name } = route;
  const alpn = [...route.alpn];
  if (route.insecure) {
    return await dialInsecure(insecureSocket, { address, port: flow.dst_port, name, alpn });
  }
  return await dialTls(address, flow.dst_port, name, upstreamCas, alpn);
}

function poolKey(connection: Connection, route: Route): string {
  const { process, flow } = connection;
  const who = process.pid === undefined ? connection.id : `${process.pid} ${process.exe}`;
  const how = `${route.insecure ? "insecure " : ""}${route.scheme} ${route.alpn}`;
  return `${who} ${how} ${route.host} ${route.address}:${flow.dst_port}`;
}
