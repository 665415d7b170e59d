import assert from "node:assert/strict";
import fc from "fast-check";
import { LineReader, parseRequest } from "./request.ts";

Deno.test("a line is found however it is cut, and what follows is not looked at", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 40 }).filter((s) => !s.includes("\n")),
      fc.string({ maxLength: 10 }),
      fc.array(fc.nat(60), { maxLength: 6 }),
      (line, rest, cuts) => {
        const bytes = new TextEncoder().encode(`${line}\n${rest}`);
        const reader = new LineReader();
        const ends = [...cuts.filter((c) => c < bytes.length).sort((a, b) => a - b), bytes.length];
        let at = 0;
        for (const end of ends) {
          const got = reader.push(bytes.subarray(at, end));
          at = end;
          if (got === undefined) continue;
          assert.equal(got, new TextDecoder().decode(new TextEncoder().encode(line)));
          return;
        }
        assert.fail("no line");
      },
    ),
    { numRuns: 500, seed: 1 },
  );
});

Deno.test("a line ends at its limit", () => {
  const reader = new LineReader(10);
  assert.equal(reader.push(new Uint8Array(9)), undefined);
  assert.equal(reader.push(new Uint8Array(1)), "too long");
  assert.equal(new LineReader(10).push(new TextEncoder().encode("123456789\n")), "123456789");
});

Deno.test("anything that is no request is an error in words", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.json(), fc.jsonValue().map((v) => JSON.stringify(v))),
      (line) => {
        const request = parseRequest(line);
        assert.ok("error" in request);
      },
    ),
    { numRuns: 1000, seed: 1 },
  );
  assert.deepEqual(parseRequest('{"op":"reload","policy":"a.example","audit":true,"x":1}'), {
    op: "reload",
    policy: "a.example",
    audit: true,
  });
  assert.ok("error" in parseRequest('{"op":"reload","policy":"","audit":"yes"}'));
  assert.deepEqual(parseRequest('{"op":"status","policy":1}'), { op: "status" });
});
