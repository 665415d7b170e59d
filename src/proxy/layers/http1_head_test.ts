import assert from "node:assert/strict";
import { fromLatin1 } from "./bytes.ts";
import {
  findHeadEnd,
  hasBareLineFeed,
  HeadError,
  listOf,
  MAX_HEAD,
  parseRequestHead,
  parseResponseHead,
} from "./http1_head.ts";

const parse = (text: string) => parseRequestHead(fromLatin1(text));

Deno.test("a request head is decoded, its values trimmed, its bytes kept", () => {
  const head = parse(
    "GET /a?b HTTP/1.1\r\nHost: x\r\nA:\t b c \t\r\nÄ-not: no\r\n\r\n".replace("Ä", "X"),
  );
  assert.ok(!(head instanceof HeadError));
  assert.deepEqual([head.method, head.target, head.minor], ["GET", "/a?b", 1]);
  assert.deepEqual(head.headers[1], { name: "A", lower: "a", value: "b c" });
  const odd = parse("GET / HTTP/1.0\r\nX: \x80\xff\r\n\r\n");
  assert.ok(!(odd instanceof HeadError));
  assert.deepEqual([odd.minor, odd.headers[0]!.value], [0, "\x80\xff"]);
});

for (
  const [what, text] of Object.entries({
    "a bare LF between fields": "GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n",
    "a bare LF after the request line": "GET / HTTP/1.1\nHost: x\r\n\r\n",
    "a bare CR": "GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n",
    "a NUL": "GET / HTTP/1.1\r\nHost: x\0\r\n\r\n",
    "a control character": "GET / HTTP/1.1\r\nHost: x\x01\r\n\r\n",
    "obs-fold": "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
    "a blank before the colon": "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    "a tab before the colon": "GET / HTTP/1.1\r\nHost\t: x\r\n\r\n",
    "a blank before the first field": "GET / HTTP/1.1\r\n Host: x\r\n\r\n",
    "an empty field name": "GET / HTTP/1.1\r\n: x\r\n\r\n",
    "a field without a colon": "GET / HTTP/1.1\r\nHost\r\n\r\n",
    "two blanks": "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a blank in the target": "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
    "a tab in the request line": "GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "a blank at the end": "GET / HTTP/1.1 \r\nHost: x\r\n\r\n",
    "HTTP/0.9": "GET /\r\n\r\n",
    "lower-case http": "GET / http/1.1\r\nHost: x\r\n\r\n",
    "a leading empty line": "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a non-ASCII target": "GET /\xe4 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a method with a slash": "G/T / HTTP/1.1\r\nHost: x\r\n\r\n",
  })
) {
  Deno.test(`a head with ${what} is refused`, () => {
    assert.ok(parse(text) instanceof HeadError);
  });
}

Deno.test("other versions, too many fields and too large heads have their own status", () => {
  const status = (text: string) => {
    const head = parse(text);
    return head instanceof HeadError ? head.status : 200;
  };
  assert.equal(status("GET / HTTP/2.0\r\n\r\n"), 505);
  assert.equal(status("GET / HTTP/1.1\r\n" + "a: b\r\n".repeat(300) + "\r\n"), 431);
  assert.equal(status(`GET / HTTP/1.1\r\na: ${"b".repeat(MAX_HEAD)}\r\n\r\n`), 431);
});

Deno.test("the end of a head is found wherever the bytes were split", () => {
  const bytes = fromLatin1("GET / HTTP/1.1\r\nA: b\r\n\r\nrest");
  for (let i = 0; i < bytes.length - 4; i++) {
    assert.equal(findHeadEnd(bytes.subarray(0, i)), -1);
    assert.equal(findHeadEnd(bytes, i), bytes.length - 4);
  }
});

Deno.test("a bare LF shows before a head is complete", () => {
  assert.ok(hasBareLineFeed(fromLatin1("GET / HTTP/1.1\nHost: x\n\n")));
  assert.ok(!hasBareLineFeed(fromLatin1("GET / HTTP/1.1\r\nHost: x\r\n")));
});

Deno.test("a response head may lack its reason", () => {
  for (const line of ["HTTP/1.1 204", "HTTP/1.1 204 ", "HTTP/1.0 204 No Content"]) {
    const head = parseResponseHead(fromLatin1(`${line}\r\n\r\n`));
    assert.ok(!(head instanceof HeadError));
    assert.equal(head.status, 204);
  }
  for (const line of ["HTTP/1.1 99 x", "HTTP/2 200", "ICY 200 OK", "HTTP/1.1 0200 OK"]) {
    assert.ok(parseResponseHead(fromLatin1(`${line}\r\n\r\n`)) instanceof HeadError);
  }
});

Deno.test("lists join their fields and drop empty members", () => {
  const head = parse("GET / HTTP/1.1\r\nTE: a, ,B\r\nte:c\r\n\r\n");
  assert.ok(!(head instanceof HeadError));
  assert.deepEqual(listOf(head.headers, "te"), ["a", "b", "c"]);
});
