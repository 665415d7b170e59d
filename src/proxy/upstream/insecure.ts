/**
 * Upstream connections whose certificate is not verified. Deno has no switch for that per connection,
 * so a relay process of its own, which has the flag, makes them.
 *
 * @module
 */

import { encodeFrame, FrameKind } from "../../protocol/mod.ts";
import { closeQuietly, isConnectionError, type Stream } from "../io/stream.ts";
import { UpstreamError } from "./dial.ts";
import { HTTP2 } from "./pool.ts";

/** What the relay is told before the bytes. */
export interface InsecureTarget {
  address: string;
  port: number;
  /** server_name to send. */
  name: string;
  /** ALPN protocols to offer, the preferred one first. */
  alpn: string[];
}

/** The relay's first byte: it is connected, and upstream chose HTTP/2 or something else; or it failed. */
export const InsecureAnswer = { failed: 0, connected: 1, http2: 2 } as const;

/** Longest error text after the relay's first byte. */
const MAX_ERROR = 1024;

/**
 * Connects through the relay.
 *
 * @param socket the relay's Unix socket, if there is one
 * @returns the connection, and the protocol that upstream chose; HTTP/1.1 if absent
 * @throws {UpstreamError} if there is no relay, or it cannot connect
 */
export async function dialInsecure(
  socket: string | undefined,
  target: InsecureTarget,
): Promise<{ stream: Stream; alpn: string | undefined }> {
  if (socket === undefined) {
    throw new UpstreamError("upstream_unreachable", "no relay for insecure connections is running");
  }
  let conn: Deno.UnixConn | undefined;
  try {
    conn = await Deno.connect({ transport: "unix", path: socket });
    const frame = encodeFrame(FrameKind.event, 0, target);
    for (let at = 0; at < frame.length;) at += await conn.write(frame.subarray(at));
    const answer = new Uint8Array(1);
    const { connected, http2 } = InsecureAnswer;
    if (await conn.read(answer) === 1 && (answer[0] === connected || answer[0] === http2)) {
      return { stream: conn, alpn: answer[0] === http2 ? HTTP2 : undefined };
    }
    throw new UpstreamError("upstream_unreachable", await errorText(conn));
  } catch (cause) {
    closeQuietly(conn);
    if (!isConnectionError(cause)) throw cause;
    throw new UpstreamError("upstream_unreachable", "the insecure relay is gone", { cause });
  }
}

async function errorText(conn: Deno.UnixConn): Promise<string> {
  const buffer = new Uint8Array(MAX_ERROR);
  const count = await conn.read(buffer);
  return count
    ? new TextDecoder().decode(buffer.subarray(0, count))
    : "the insecure relay broke off";
}
