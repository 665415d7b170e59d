import assert from "node:assert/strict";
import { fromLatin1, toLatin1 } from "./bytes.ts";
import { HeadError, parseRequestHead, parseResponseHead } from "./http1_head.ts";
import { buildRequestHead, buildResponseHead } from "./http1_rebuild.ts";

function request(fields: string, upgrade?: string) {
  const head = parseRequestHead(fromLatin1(`GET / HTTP/1.1\r\nHost: x\r\n${fields}\r\n`));
  assert.ok(!(head instanceof HeadError));
  const shape = { path: "/p", host: "x", framing: { kind: "none" }, upgrade } as const;
  return toLatin1(buildRequestHead(head, shape));
}

Deno.test("hop-by-hop fields and those that Connection names stay behind", () => {
  const text = request("Connection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 2\r\nA: \xe4\r\n");
  assert.equal(text, "GET /p HTTP/1.1\r\nHost: x\r\nA: \xe4\r\n\r\n");
});

Deno.test("Connection cannot remove what gives a message its meaning", () => {
  assert.match(
    request("Connection: Host, Authorization\r\nAuthorization: a\r\n"),
    /Authorization: a/,
  );
});

Deno.test("only a trailers TE and a wanted upgrade are passed on", () => {
  assert.match(request("TE: gzip, trailers\r\n"), /\r\nTE: trailers\r\nConnection: TE\r\n\r\n$/);
  assert.equal(request("Upgrade: h2c\r\nHTTP2-Settings: a\r\nConnection: Upgrade\r\n").length, 28);
  assert.match(request("", "websocket"), /Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n$/);
});

Deno.test("a response is framed anew", () => {
  const head = parseResponseHead(
    fromLatin1("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n"),
  );
  assert.ok(!(head instanceof HeadError));
  const text = toLatin1(buildResponseHead(head, { framing: { kind: "chunked" }, close: true }));
  assert.equal(
    text,
    "HTTP/1.1 200 OK\r\nX: y\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
  );
});
