/**
 * Connections that begin with a TLS ClientHello: passed through, decrypted, or refused.
 *
 * @module
 */

import type { LogEvent, Verdict } from "../../protocol/mod.ts";
import { BufferedStream } from "../io/buffered_stream.ts";
import { relay } from "../io/pump.ts";
import { StreamReader } from "../io/reader.ts";
import { closeQuietly, isConnectionError } from "../io/stream.ts";
import { within } from "../io/time_limit.ts";
import type { ClientHello } from "../layers/client_hello.ts";
import { UpstreamError } from "../upstream/dial.ts";
import { HTTP1, HTTP2 } from "../upstream/pool.ts";
import { type Connection, refusal } from "./connection.ts";
import { confirmDestination, needsLookup } from "./destination.ts";
import { Http2Session } from "./http2_session.ts";
import { HttpSession } from "./http_session.ts";
import { passThrough } from "./passthrough.ts";
import type { SessionStart } from "./session_start.ts";
import { tunnelDecrypted } from "./tls_tunnel.ts";
import { connectUpstream } from "./upstream_for.ts";

const HANDSHAKE_MS = 60_000;
/** How long a client may keep its side open after the last byte for it. */
const LINGER_MS = 2000;

/** Serves one TLS connection from its ClientHello to its end. */
export async function serveTls(
  connection: Connection,
  reader: StreamReader,
  hello: ClientHello,
): Promise<void> {
  const verdict = await judgeHandshake(connection, hello.sni);
  if (verdict.passthrough && verdict.pass) {
    return await passThrough(connection, reader, hello, verdict);
  }
  const start = await prepare(connection, hello, verdict);
  await serveDecrypted(connection, reader, start, protocolsFor(hello, start));
}

async function judgeHandshake(
  connection: Connection,
  host: string | undefined,
): Promise<Verdict> {
  const question = { type: "https", host, intercept: true } as const;
  const verdict = await connection.judge(question);
  // A name that is not verified by decrypting counts only where a lookup gave the address.
  const unverified = verdict.passthrough || verdict.insecure || !verdict.pass;
  if (host === undefined || !unverified || !needsLookup(verdict)) return verdict;
  await confirmDestination(connection.proxy, host);
  return await connection.judge(question);
}

/** Connects to upstream, if the verdict lets it: the client's handshake comes after that. */
async function prepare(
  connection: Connection,
  hello: ClientHello,
  verdict: Verdict,
): Promise<SessionStart> {
  const { sni } = hello;
  const host = sni ?? connection.flow.dst_ip;
  const start: SessionStart = { scheme: "https", host, verdict, address: connection.flow.dst_ip };
  const refused = refuseHandshake(connection, sni, verdict);
  if (refused) return { ...start, blocked: refused };
  try {
    start.address = await addressFor(connection, sni, verdict);
    start.upstream = await connectUpstream(connection, {
      scheme: "https",
      host,
      address: start.address,
      insecure: verdict.insecure,
      alpn: offeredTo(hello),
    });
    return start;
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    return { ...start, failure: error };
  }
}

/** What upstream is offered: HTTP as far as the client speaks it, or what else the client offers. */
function offeredTo({ alpn }: ClientHello): readonly string[] {
  if (alpn.includes(HTTP2)) return [HTTP2, HTTP1];
  return speaksHttp1(alpn) ? [HTTP1] : alpn;
}

/** A client without a word about it may speak HTTP/1.1. */
function speaksHttp1(alpn: readonly string[]): boolean {
  return alpn.length === 0 || alpn.includes(HTTP1);
}

/**
 * What the client is offered: what upstream chose. Where there is no upstream, HTTP/1.1 serves to say so,
 * unless the client speaks nothing but HTTP/2.
 */
function protocolsFor({ alpn }: ClientHello, { upstream }: SessionStart): readonly string[] {
  const http2 = upstream ? upstream.alpn === HTTP2 : alpn.includes(HTTP2) && !alpn.includes(HTTP1);
  if (http2) return [HTTP2, HTTP1];
  if (speaksHttp1(alpn) || alpn.includes(HTTP2)) return [HTTP1];
  return upstream?.alpn === undefined ? [] : [upstream.alpn];
}

function refuseHandshake(
  connection: Connection,
  sni: string | undefined,
  verdict: Verdict,
): Verdict | undefined {
  if (!verdict.pass) return verdict;
  if (!verdict.insecure) return undefined;
  const { audit } = connection.proxy.state;
  if (sni !== undefined && verdict.destination !== "confirmed" && !audit) {
    return refusal("unresolved_destination", false);
  }
  return connection.proxy.settings.insecureSocket ? undefined : refusal("unavailable", false);
}

/** An address that only the client chose is never contacted for a name. */
async function addressFor(
  connection: Connection,
  sni: string | undefined,
  verdict: Verdict,
): Promise<string> {
  const { dst_ip } = connection.flow;
  // In audit mode a denied connection goes where it was going.
  if (!sni || verdict.destination === "confirmed" || verdict.policy === "deny") return dst_ip;
  const ips = await confirmDestination(connection.proxy, sni);
  if (ips.includes(dst_ip)) return dst_ip;
  const first = ips[0];
  if (first !== undefined) return first;
  throw new UpstreamError("upstream_unreachable", `no address is known for ${sni}`);
}

async function serveDecrypted(
  connection: Connection,
  reader: StreamReader,
  start: SessionStart,
  protocols: readonly string[],
): Promise<void> {
  const { proxy } = connection;
  try {
    const hop = await proxy.terminator.open(start.host!, protocols);
    const front = new BufferedStream(connection.socket, reader);
    const counts = { up: 0, down: 0 };
    const relaying = relay(front, hop.wire, counts, proxy.watchdog, LINGER_MS);
    try {
      await serveRequests(connection, hop.plain, start);
    } finally {
      closeQuietly(hop.plain);
      await relaying;
    }
  } catch (error) {
    if (start.upstream) proxy.pool.release(start.upstream);
    logUnused(connection, start, handshakeFailure(error, start.host!, connection.flow.dst_port));
  }
}

async function serveRequests(
  connection: Connection,
  plain: Deno.TlsConn,
  start: SessionStart,
): Promise<void> {
  const info = await within(plain.handshake(), HANDSHAKE_MS);
  const alpn = info.alpnProtocol ?? undefined;
  const session = alpn === HTTP2
    ? new Http2Session(connection, plain, connection.socket, { ...start, alpn })
    : await startHttp1(connection, plain, { ...withoutHttp2(connection, start), alpn });
  if (!session) return;
  session.held.keep(start.verdict!, start.host!);
  await session.run();
  if (session.count === 0) logUnused(connection, start, {});
}

/** @returns undefined if the connection carried something else than HTTP, and is over */
async function startHttp1(
  connection: Connection,
  plain: Deno.TlsConn,
  start: SessionStart,
): Promise<HttpSession | undefined> {
  const reader = new StreamReader(plain);
  const { upstream, alpn } = start;
  // Only a client that did not say what it speaks is waited for.
  if (upstream && alpn !== HTTP1) {
    if (await tunnelDecrypted(connection, plain, reader, { ...start, upstream })) return undefined;
  }
  return new HttpSession(connection, plain, connection.socket, { ...start, reader });
}

/** A client that took HTTP/1.1 although HTTP/2 was to be had gets another upstream with its request. */
function withoutHttp2(connection: Connection, start: SessionStart): SessionStart {
  if (start.upstream?.alpn !== HTTP2) return start;
  connection.proxy.pool.discard(start.upstream);
  return { ...start, upstream: undefined };
}

/** A connection without a request has no line yet; one that went well needs none. */
function logUnused(connection: Connection, start: SessionStart, fields: Partial<LogEvent>): void {
  const failure = start.failure && { error: start.failure.code, message: start.failure.message };
  if (!start.blocked && !failure && !fields.error) return;
  connection.log("https", start.blocked ?? start.verdict, {
    host: start.host,
    ...fields,
    ...failure,
  });
}

function handshakeFailure(error: unknown, host: string, port: number): Partial<LogEvent> {
  const alert = error instanceof Deno.errors.InvalidData &&
    /alert: .*(CA|Certificate)/.test(error.message);
  // Some clients close without an alert when they do not trust a certificate.
  if (alert || error instanceof Deno.errors.UnexpectedEof) {
    const message = `${error.message}: the client does not seem to trust the run's CA; ` +
      "make it, or leave the host undecrypted";
    const hint = `${host}${port === 443 ? "" : `:${port}`} passthrough`;
    return { error: "tls_client_rejected_ca", message, hint };
  }
  if (!isConnectionError(error) && !(error instanceof Error && error.name === "TooSlow")) {
    throw error;
  }
  return { error: "tls_handshake", message: error instanceof Error ? error.message : undefined };
}
