/**
 * The relay for `insecure` connections: dials, does TLS without verifying (its process has the flag for
 * that), and moves plain bytes. It decides nothing; the proxy asks for nothing that was not allowed.
 *
 * @module
 */

import {
  encodeFrame,
  FrameDecoder,
  FrameError,
  FrameKind,
  type RelayBoot,
} from "../protocol/mod.ts";
import { acceptAll } from "./io/accept.ts";
import { relay } from "./io/pump.ts";
import { closeQuietly, isConnectionError } from "./io/stream.ts";
import { Watchdog } from "./io/watchdog.ts";
import { encodeText } from "./layers/bytes.ts";
import { HTTP2 } from "./upstream/pool.ts";
import { dialTls, UpstreamError } from "./upstream/dial.ts";
import { InsecureAnswer, type InsecureTarget } from "./upstream/insecure.ts";

/** Serves until stdin ends, which is when the supervisor does. */
export async function runRelay(boot: RelayBoot): Promise<void> {
  const watchdog = new Watchdog();
  const listener = Deno.listen({ transport: "unix", path: boot.socketPath });
  acceptAll(listener, (conn) => serve(conn, watchdog));
  await Deno.stdout.write(encodeFrame(FrameKind.event, 0, { op: "ready" }));
  const ignored = new Uint8Array(1);
  while (await Deno.stdin.read(ignored) !== null);
  Deno.exit(0);
}

async function serve(conn: Deno.UnixConn, watchdog: Watchdog): Promise<void> {
  try {
    const { address, port, name, alpn: offered } = await readTarget(conn);
    const { stream: upstream, alpn } = await dialTls(address, port, name, [], offered);
    const { connected, http2 } = InsecureAnswer;
    await conn.write(Uint8Array.of(alpn === HTTP2 ? http2 : connected));
    await relay(conn, upstream, { up: 0, down: 0 }, watchdog);
  } catch (error) {
    if (error instanceof UpstreamError) await answerQuietly(conn, failure(error));
    else if (!isConnectionError(error) && !(error instanceof FrameError)) throw error;
  } finally {
    closeQuietly(conn);
  }
}

async function readTarget(conn: Deno.UnixConn): Promise<InsecureTarget> {
  const decoder = new FrameDecoder();
  const buffer = new Uint8Array(4096);
  for (;;) {
    const count = await conn.read(buffer);
    if (count === null) throw new FrameError("ended before the target");
    const [frame] = decoder.push(buffer.subarray(0, count));
    if (!frame) continue;
    if (!isTarget(frame.body)) throw new FrameError("not a target");
    return frame.body;
  }
}

function isTarget(body: unknown): body is InsecureTarget {
  return typeof body === "object" && body !== null && "address" in body && "port" in body &&
    "name" in body && "alpn" in body && Array.isArray(body.alpn);
}

/** The proxy may have given up and closed: it needs no answer then. */
async function answerQuietly(conn: Deno.UnixConn, answer: Uint8Array): Promise<void> {
  try {
    await conn.write(answer);
  } catch (error) {
    if (!isConnectionError(error)) throw error;
  }
}

function failure(error: UpstreamError): Uint8Array {
  return new Uint8Array([InsecureAnswer.failed, ...encodeText(error.message)]);
}
