import assert from "node:assert/strict";
import { fromLatin1 } from "./bytes.ts";
import { HeadError, parseRequestHead } from "./http1_head.ts";
import { readTarget, urlOf, withoutQuery } from "./request_target.ts";

function target(line: string, fields: string) {
  const head = parseRequestHead(fromLatin1(`${line} HTTP/1.1\r\n${fields}\r\n`));
  assert.ok(!(head instanceof HeadError));
  return readTarget(head, "https");
}

Deno.test("host, port and path are read from all forms", () => {
  assert.deepEqual(target("GET /a?b", "Host: A.Example.:8443\r\n"), {
    host: "a.example",
    port: 8443,
    authority: "A.Example.:8443",
    path: "/a?b",
  });
  const absolute = target("GET https://a.example?x", "Host: a.example\r\n");
  assert.ok(!(absolute instanceof HeadError));
  assert.equal(absolute.path, "/?x");
  const star = target("OPTIONS *", "Host: a.example\r\n");
  assert.ok(!(star instanceof HeadError) && star.path === "*");
});

for (
  const [line, fields] of [
    ["GET /", ""],
    ["GET /", "Host: a.example\r\nHost: a.example\r\n"],
    ["GET /", "Host: a.example, b.example\r\n"],
    ["GET /", "Host: a.example b.example\r\n"],
    ["GET /", "Host: user@a.example\r\n"],
    ["GET /", "Host: a.example/\r\n"],
    ["GET /", "Host:\r\n"],
    ["GET /", "Host: a.example:0\r\n"],
    ["GET /", "Host: a.example:65536\r\n"],
    ["GET /", "Host: [::1]\r\n"],
    ["GET /#f", "Host: a.example\r\n"],
    ["GET *", "Host: a.example\r\n"],
    ["GET a.example", "Host: a.example\r\n"],
    ["GET http://a.example/", "Host: a.example\r\n"],
    ["GET https://b.example/", "Host: a.example\r\n"],
    ["GET https://a.example@b.example/", "Host: a.example\r\n"],
  ] as const
) {
  Deno.test(`${line} with ${JSON.stringify(fields)} is refused`, () => {
    assert.ok(target(line, fields) instanceof HeadError);
  });
}

Deno.test("a path that begins like an authority stays a path", () => {
  const read = target("GET //b.example/", "Host: a.example\r\n");
  assert.ok(!(read instanceof HeadError));
  assert.deepEqual([read.host, read.path], ["a.example", "//b.example/"]);
});

Deno.test("URLs name the connection's port unless it is the scheme's", () => {
  assert.equal(urlOf("https", "a", 443, "/x"), "https://a/x");
  assert.equal(urlOf("http", "a", 443, "*"), "http://a:443/");
  assert.equal(withoutQuery("https://a/x?y?z"), "https://a/x");
});
