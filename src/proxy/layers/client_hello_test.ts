import assert from "node:assert/strict";
import { parseClientHello } from "./client_hello.ts";
import { alpn, extension, hello, serverName } from "./testing/hello.ts";

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

Deno.test("the name beside an encrypted ClientHello is the outer one", () => {
  const encrypted = extension(0xfe0d, new Uint8Array(200).fill(7));
  for (
    const extensions of [[encrypted, serverName("a.example")], [serverName("a.example"), encrypted]]
  ) {
    const result = parseClientHello(hello(extensions));
    assert.equal(result.kind === "hello" && result.hello.sni, "a.example");
  }
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
