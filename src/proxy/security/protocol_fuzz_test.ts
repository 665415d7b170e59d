import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeText } from "../layers/bytes.ts";
import { questionHead, readAnswer } from "./protocol.ts";

const alert = fc.record({
  type: fc.oneof(fc.string({ unit: "binary" }), fc.jsonValue()),
  action: fc.oneof(fc.constantFrom("error", "warn", "monitor", "ignore"), fc.jsonValue()),
}, { requiredKeys: [] });
const entry = fc.record({ alerts: fc.array(alert, { maxLength: 4 }) })
  .map((value) => encodeText(JSON.stringify(value)));
const body = fc.oneof(entry, fc.uint8Array({ maxLength: 200 }), fc.json().map(encodeText));

Deno.test("any answer is read, and reasons are printable", () => {
  fc.assert(
    fc.property(fc.constantFrom(200, 404, 429, 500), body, (status, bytes) => {
      const answer = readAnswer(status, bytes);
      if (answer.kind !== "bad") return;
      assert.ok(answer.reasons.length > 0);
      for (const reason of answer.reasons) assert.match(reason, /^[\x20-\x7e]{1,100}$/);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("any PURL makes one request line and no header field", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 100 }), (purl) => {
      const lines = new TextDecoder().decode(questionHead(purl, "1")).split("\r\n");
      assert.equal(lines.length, 7);
      assert.match(lines[0]!, /^GET \/purl\/[^\s/?#]* HTTP\/1\.1$/);
    }),
    { numRuns: 2000 },
  );
});
