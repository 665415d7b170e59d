/**
 * Connecting to where traffic is meant to go.
 *
 * @module
 */

import { closeQuietly, isConnectionError } from "../io/stream.ts";
import { TooSlow, within } from "../io/time_limit.ts";

/** Why there is no upstream connection. `code` is the log's `error`. */
export class UpstreamError extends Error {
  override name = "UpstreamError";
  constructor(
    readonly code:
      | "upstream_unreachable"
      | "upstream_cert"
      | "upstream_closed"
      | "upstream_malformed",
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const CONNECT_MS = 15_000;

/**
 * Connects to an address.
 *
 * @throws {UpstreamError} if that takes 15 s or fails
 */
export async function dialTcp(hostname: string, port: number): Promise<Deno.TcpConn> {
  try {
    const conn = await within(Deno.connect({ hostname, port }), CONNECT_MS, closeQuietly);
    conn.setNoDelay(true);
    conn.setKeepAlive(true);
    return conn;
  } catch (cause) {
    throw asUpstreamError(cause, `no connection to ${hostname}:${port}`);
  }
}

/**
 * Connects to an address and verifies that it is `name`'s.
 *
 * @param name host name or address that the certificate must be for
 * @param caCerts PEM texts trusted besides the system's store
 * @param alpnProtocols what to offer, the preferred one first
 * @returns the connection, and the protocol that upstream chose, if it chose one
 * @throws {UpstreamError} if there is no connection, or none that verifies
 */
export async function dialTls(
  hostname: string,
  port: number,
  name: string,
  caCerts: string[],
  alpnProtocols: string[],
): Promise<{ stream: Deno.TlsConn; alpn: string | undefined }> {
  const tcp = await dialTcp(hostname, port);
  let tls: Deno.TlsConn | undefined;
  try {
    tls = await Deno.startTls(tcp, { hostname: name, caCerts, alpnProtocols });
    const { alpnProtocol } = await within(tls.handshake(), CONNECT_MS);
    return { stream: tls, alpn: alpnProtocol ?? undefined };
  } catch (cause) {
    closeQuietly(tls ?? tcp);
    throw asUpstreamError(cause, `no TLS connection to ${name} at ${hostname}:${port}`);
  }
}

function asUpstreamError(cause: unknown, what: string): UpstreamError {
  if (!isConnectionError(cause) && !(cause instanceof TooSlow) && !(cause instanceof TypeError)) {
    throw cause;
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  const code = /certificate/i.test(why) && !/fatal alert/.test(why)
    ? "upstream_cert"
    : "upstream_unreachable";
  return new UpstreamError(code, `${what}: ${why}`, { cause });
}
