/**
 * Connections that become a WebSocket (RFC 6455 section 4).
 *
 * @module
 */

import { BufferedStream } from "../io/buffered_stream.ts";
import type { ResponseHead } from "../layers/http1_head.ts";
import { buildResponseHead } from "../layers/http1_rebuild.ts";
import type { Upstream } from "../upstream/pool.ts";
import type { HttpSession } from "./http_session.ts";
import type { Request } from "./request.ts";
import { upgradeOf } from "./request_head.ts";
import { runTunnel } from "./tunnel.ts";

/**
 * Passes a 101 on and relays bytes from then on.
 *
 * @returns false: the connection is over
 */
export async function switchProtocols(
  session: HttpSession,
  request: Request,
  upstream: Upstream,
  response: ResponseHead,
): Promise<boolean> {
  const { connection, start } = session;
  const counts = { up: upstream.writer.written, down: 0 };
  const upgrade = upgradeOf(request);
  await session.writer.write(
    buildResponseHead(response, { framing: { kind: "none" }, close: false, upgrade }),
  );
  counts.down = session.writer.written;
  const { host, method, url, alpn, dst_ip, github_token } = request.event();
  const { token } = request;
  await runTunnel(
    connection,
    new BufferedStream(session.client, session.reader),
    new BufferedStream(upstream.stream, upstream.reader),
    {
      type: start.scheme,
      question: {
        type: start.scheme,
        url: request.url,
        method: request.head.method,
        ...(token && { token }),
      },
      verdict: request.verdict!,
      fields: { dst_ip, host, method, url, alpn, github_token, status: 101 },
      counts,
      started: request.started,
    },
  );
  connection.proxy.pool.discard(upstream);
  return false;
}
