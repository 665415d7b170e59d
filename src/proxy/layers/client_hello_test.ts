import assert from "node:assert/strict";
import { concat, encodeText } from "./bytes.ts";
import { parseClientHello } from "./client_hello.ts";

/** A vector with a length prefix. */
function vector(size: number, ...parts: Uint8Array[]): Uint8Array {
  const body = concat(...parts);
  const prefix = new Uint8Array(size);
  for (let i = 0; i < size; i++) prefix[i] = body.length >> (8 * (size - 1 - i)) & 0xff;
  return concat(prefix, body);
}

const serverName = (...names: string[]) =>
  extension(0, vector(2, ...names.map((n) => concat(Uint8Array.of(0), vector(2, encodeText(n))))));
const extension = (type: number, body: Uint8Array) =>
  concat(Uint8Array.of(type >> 8, type & 0xff), vector(2, body));
const alpn = extension(
  16,
  vector(2, vector(1, encodeText("h2")), vector(1, encodeText("http/1.1"))),
);

/** A ClientHello in records of `size` bytes. */
export function hello(extensions: Uint8Array[], size = 16384): Uint8Array {
  const body = concat(
    Uint8Array.of(3, 3),
    new Uint8Array(32),
    vector(1, new Uint8Array(32)),
    vector(2, Uint8Array.of(0x13, 1)),
    vector(1, Uint8Array.of(0)),
    vector(2, ...extensions),
  );
  const message = concat(Uint8Array.of(1), vector(3, body));
  const records: Uint8Array[] = [];
  for (let at = 0; at < message.length; at += size) {
    records.push(concat(Uint8Array.of(22, 3, 1), vector(2, message.subarray(at, at + size))));
  }
  return concat(...records);
}

const kind = (bytes: Uint8Array) => parseClientHello(bytes).kind;

Deno.test("name and protocols are read, in one record or in many", () => {
  for (const size of [16384, 50, 7, 1]) {
    assert.deepEqual(parseClientHello(hello([serverName("A.Example."), alpn], size)), {
      kind: "hello",
      hello: { sni: "a.example", alpn: ["h2", "http/1.1"] },
    });
  }
});

Deno.test("a part of it wants more, whatever part", () => {
  for (const size of [16384, 20]) {
    const bytes = hello([serverName("a.example"), alpn], size);
    for (let i = 0; i < bytes.length; i++) assert.equal(kind(bytes.subarray(0, i)), "more", `${i}`);
  }
});

Deno.test("a client without a name is one without a name", () => {
  assert.deepEqual(parseClientHello(hello([])), { kind: "hello", hello: { alpn: [] } });
  const address = parseClientHello(hello([serverName("192.0.2.1")]));
  assert.equal(address.kind === "hello" && address.hello.sni, undefined);
});

Deno.test("what two readers could read differently is malformed", () => {
  assert.equal(kind(hello([serverName("a.example"), serverName("b.example")])), "malformed");
  assert.equal(kind(hello([serverName("a.example", "b.example")])), "malformed");
  assert.equal(kind(hello([serverName("a.example\0.b")])), "malformed");
  assert.equal(kind(hello([serverName("")])), "malformed");
  assert.equal(kind(hello([extension(0, Uint8Array.of(0, 200, 0))])), "malformed");
});

Deno.test("other records, messages and lengths are malformed", () => {
  assert.equal(kind(Uint8Array.of(23, 3, 1, 0, 5)), "malformed");
  assert.equal(kind(Uint8Array.of(22, 3, 1, 0, 0)), "malformed");
  assert.equal(kind(Uint8Array.of(22, 3, 1, 0, 4, 2, 0, 0, 9)), "malformed");
  assert.equal(kind(Uint8Array.of(22, 3, 1, 0, 4, 1, 1, 0, 0)), "malformed");
});
