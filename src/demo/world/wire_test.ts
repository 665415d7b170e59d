import assert from "node:assert/strict";
import fc from "fast-check";
import {
  RCODE,
  readQuestion,
  typeName,
  writeIPv4,
  writeIPv6,
  writeName,
  writeResponse,
} from "./wire.ts";

function query(name: string, type: number): Uint8Array {
  const head = [0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0];
  return Uint8Array.of(...head, ...writeName(name), type >> 8, type & 0xff, 0, 1);
}

Deno.test("reads the question of a query", () => {
  const message = query("Site.TEST", 28);
  assert.deepEqual(readQuestion(message), {
    id: 0x1234,
    name: "site.test",
    type: 28,
    end: message.length,
  });
});

Deno.test("responses, truncated names and compressed names are no queries", () => {
  const response = query("site.test", 1);
  response[2] = 0x81;
  assert.equal(readQuestion(response), undefined);
  const compressed = query("site.test", 1);
  compressed[12] = 0xc0;
  assert.equal(readQuestion(compressed), undefined);
  assert.equal(readQuestion(query("site.test", 1).subarray(0, 20)), undefined);
});

Deno.test("a response repeats id and question, and holds the answers", () => {
  const message = query("site.test", 1);
  const question = readQuestion(message);
  assert.ok(question);
  const response = writeResponse(message, question, RCODE.none, [
    { owner: "site.test", type: 1, ttl: 60, data: writeIPv4("198.51.100.20") },
  ]);
  assert.deepEqual(
    response.subarray(0, 12),
    Uint8Array.of(0x12, 0x34, 0x85, 0x80, 0, 1, 0, 1, 0, 0, 0, 0),
  );
  assert.deepEqual(response.subarray(12, message.length), message.subarray(12));
  assert.deepEqual(response.subarray(-4), Uint8Array.of(198, 51, 100, 20));
});

Deno.test("addresses and type names", () => {
  assert.deepEqual(
    writeIPv6("2001:db8::66"),
    Uint8Array.of(0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 0x66),
  );
  assert.deepEqual(writeIPv6("::1"), Uint8Array.of(...Array(15).fill(0), 1));
  assert.equal(typeName(65), "HTTPS");
  assert.equal(typeName(999), "TYPE999");
});

Deno.test("any bytes give a question within them, or none", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const question = readQuestion(bytes);
      if (question) assert.ok(question.end <= bytes.length);
    }),
    { numRuns: 2000, seed: 1 },
  );
});
