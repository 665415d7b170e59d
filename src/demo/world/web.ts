/**
 * HTTP and HTTPS servers. In front of each is a plain TCP listener, so that a connection is reported even
 * when no request ever comes over it.
 *
 * @module
 */

import type { KeyPair } from "../certificates.ts";
import type { Script } from "../hosts.ts";
import { latin1 } from "../received.ts";
import type { Report } from "./messages.ts";
import type { Endpoint } from "./raw.ts";

/** Answers a request whose body has been read. */
export type Site = (request: Request, body: Uint8Array) => Response | Promise<Response>;

/** Serves a site; with `keys`, over TLS. */
export function serveWeb(endpoint: Endpoint, site: Site, report: Report, keys?: KeyPair): void {
  const { host, address, port } = endpoint;
  const listener = Deno.listen({ hostname: address, port });
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
    ...(keys && { cert: keys.cert, key: keys.key }),
  }, async (request) => {
    const body = new Uint8Array(await request.arrayBuffer());
    report({
      kind: "request",
      host,
      port,
      scheme: keys ? "https" : "http",
      method: request.method,
      url: request.url,
      headers: Object.fromEntries(request.headers),
      body: latin1(body),
    });
    return await site(request, body);
  });
  void (async () => {
    for await (const connection of listener) {
      report({ kind: "connection", host, port });
      void forward(connection, server.addr.port);
    }
  })();
}

async function forward(connection: Deno.TcpConn, port: number): Promise<void> {
  const inner = await Deno.connect({ hostname: "127.0.0.1", port });
  await Promise.allSettled([
    // Either side may break off; the other then sees its stream end.
    connection.readable.pipeTo(inner.writable),
    inner.readable.pipeTo(connection.writable),
  ]);
}

/** Says what a script holds for the path and query. */
export function scriptedSite(script: Script): Site {
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const answer = script[pathname + search] ?? script["*"];
    if (!answer) return new Response("not found\n", { status: 404 });
    if (answer.delayMs) await new Promise((resolve) => setTimeout(resolve, answer.delayMs));
    return new Response(answer.body, { status: answer.status ?? 200 });
  };
}

/** Says what was asked, so that clients can tell who answered them. */
export function echoSite(request: Request, body: Uint8Array): Response {
  const { pathname } = new URL(request.url);
  return new Response(`${request.method} ${pathname} ${body.length}\n`, {
    headers: { "content-type": "text/plain" },
  });
}
