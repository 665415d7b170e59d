/**
 * Other protocols than HTTP inside TLS that was decrypted: DNS over TLS, databases, mail.
 *
 * @module
 */

import { BufferedStream } from "../io/buffered_stream.ts";
import type { StreamReader } from "../io/reader.ts";
import type { Stream } from "../io/stream.ts";
import type { Upstream } from "../upstream/pool.ts";
import type { Connection } from "./connection.ts";
import type { SessionStart } from "./session_start.ts";
import { firstWord } from "./tcp.ts";
import { runTunnel } from "./tunnel.ts";

/**
 * Relays a decrypted connection that carries no HTTP, if a rule lets the connection through whole. Upstream
 * has been verified to be the host.
 *
 * @param reader what the client says in plain text; keeps its bytes where they are HTTP
 * @returns false if it carries HTTP; true if it is over
 */
export async function tunnelDecrypted(
  connection: Connection,
  plain: Stream,
  reader: StreamReader,
  start: SessionStart & { upstream: Upstream },
): Promise<boolean> {
  const { upstream, host, alpn, address } = start;
  if (await firstWord(reader, upstream.reader) === "http") return false;
  // As a raw connection to the host: rules for URLs do not count, since there are none.
  const question = { type: "tcp", host } as const;
  const verdict = await connection.judge(question);
  if (!verdict.pass) {
    // Its server spoke first, or has ended: a request may still come.
    if (reader.size === 0) return false;
    connection.proxy.pool.discard(upstream);
    connection.log("https", verdict, { dst_ip: address, host, alpn });
    return true;
  }
  const insecure = start.verdict?.insecure || undefined;
  try {
    await runTunnel(
      connection,
      new BufferedStream(plain, reader),
      new BufferedStream(upstream.stream, upstream.reader),
      {
        type: "https",
        question,
        verdict,
        fields: { dst_ip: address, host, alpn, insecure },
      },
    );
  } finally {
    connection.proxy.pool.discard(upstream);
  }
  return true;
}
