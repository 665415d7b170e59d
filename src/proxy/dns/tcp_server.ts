/**
 * DNS by TCP (RFC 7766): every message of the stream is judged.
 *
 * @module
 */

import type { StreamReader } from "../io/reader.ts";
import { closeQuietly } from "../io/stream.ts";
import type { Watched } from "../io/watchdog.ts";
import { StreamWriter } from "../io/writer.ts";
import type { Connection } from "../session/connection.ts";
import type { Proxy } from "../session/proxy.ts";
import { frame } from "./ask.ts";
import { serveQuery } from "./serve_query.ts";

const IDLE_MS = 30_000;

/** Serves one connection, one message after the other, until it ends. */
export async function serveDnsStream(
  proxy: Proxy,
  connection: Connection,
  reader: StreamReader,
): Promise<void> {
  const end = () => closeQuietly(connection.socket);
  const idle: Watched = { deadline: Infinity, expire: end };
  const writer = new StreamWriter(connection.socket, end);
  const source = {
    flow: connection.flow,
    sourcePort: connection.sourcePort,
    transport: "tcp",
  } as const;
  proxy.watchdog.add(idle);
  proxy.watchdog.add(writer);
  try {
    for (;;) {
      idle.deadline = Date.now() + IDLE_MS;
      const message = await readMessage(reader);
      if (!message) return;
      idle.deadline = Infinity;
      await proxy.supervisor.congestion;
      const response = await serveQuery(proxy, source, message);
      if (!response) return;
      await writer.write(frame(response));
    }
  } finally {
    proxy.watchdog.delete(idle);
    proxy.watchdog.delete(writer);
  }
}

async function readMessage(reader: StreamReader): Promise<Uint8Array | undefined> {
  for (;;) {
    const bytes = reader.buffered;
    const length = bytes.length < 2 ? Infinity : (bytes[0]! << 8 | bytes[1]!) + 2;
    if (bytes.length >= length) {
      reader.consume(length);
      return bytes.slice(2, length);
    }
    if (!await reader.fill()) return undefined;
  }
}
