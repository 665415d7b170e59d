import assert from "node:assert/strict";
import { fromLatin1 } from "./bytes.ts";
import { keepsAlive, requestFraming, responseFraming } from "./http1_framing.ts";
import { HeadError, parseRequestHead, parseResponseHead } from "./http1_head.ts";

function request(fields: string, version = "1.1") {
  const head = parseRequestHead(fromLatin1(`POST / HTTP/${version}\r\n${fields}\r\n`));
  assert.ok(!(head instanceof HeadError));
  return requestFraming(head);
}

function response(status: number, fields: string, method = "GET") {
  const head = parseResponseHead(fromLatin1(`HTTP/1.1 ${status} x\r\n${fields}\r\n`));
  assert.ok(!(head instanceof HeadError));
  return responseFraming(head, method);
}

Deno.test("a request's body is counted, chunked or absent", () => {
  assert.deepEqual(request(""), { kind: "none" });
  assert.deepEqual(request("Content-Length: 12\r\n"), { kind: "length", length: 12 });
  assert.deepEqual(request("Transfer-Encoding: Chunked\r\n"), { kind: "chunked" });
});

for (
  const fields of [
    "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
    "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
    "Content-Length: 1\r\nContent-Length: 2\r\n",
    "Content-Length: 1\r\nContent-Length: 1\r\n",
    "Content-Length: 1, 1\r\n",
    "Content-Length: +1\r\n",
    "Content-Length: -1\r\n",
    "Content-Length: 0x1\r\n",
    "Content-Length: 1 2\r\n",
    "Content-Length:\r\n",
    "Content-Length: 9999999999999999\r\n",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    "Transfer-Encoding: identity\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Transfer-Encoding: chunked, chunked\r\n",
    "Transfer-Encoding: xchunked\r\n",
    "Transfer-Encoding:\r\n",
    "Transfer-Encoding: chunked;a=b\r\n",
    'Transfer-Encoding: "chunked"\r\n',
  ]
) {
  Deno.test(`a request framed by ${JSON.stringify(fields)} is refused`, () => {
    assert.ok(request(fields) instanceof HeadError);
  });
}

Deno.test("HTTP/1.0 knows no chunks", () => {
  assert.ok(request("Transfer-Encoding: chunked\r\n", "1.0") instanceof HeadError);
});

Deno.test("a response's body depends on its request and status", () => {
  assert.deepEqual(response(200, "Content-Length: 5\r\n"), { kind: "length", length: 5 });
  assert.deepEqual(response(200, "Content-Length: 5\r\n", "HEAD"), { kind: "none" });
  assert.deepEqual(response(304, "Content-Length: 5\r\n"), { kind: "none" });
  assert.deepEqual(response(204, "Transfer-Encoding: chunked\r\n"), { kind: "none" });
  assert.deepEqual(response(200, ""), { kind: "close" });
  assert.deepEqual(response(200, "Content-Length: 5\r\ncontent-length: 5\r\n"), {
    kind: "length",
    length: 5,
  });
  assert.ok(response(200, "Content-Length: 5\r\ncontent-length: 6\r\n") instanceof HeadError);
  assert.ok(
    response(200, "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") instanceof HeadError,
  );
});

Deno.test("connections persist as their version and fields say", () => {
  const connection = (value: string) => [{ name: "Connection", lower: "connection", value }];
  assert.ok(keepsAlive(1, []));
  assert.ok(!keepsAlive(1, connection("Upgrade, Close")));
  assert.ok(!keepsAlive(0, []));
  assert.ok(keepsAlive(0, connection("keep-alive")));
});
