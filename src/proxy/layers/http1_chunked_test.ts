import assert from "node:assert/strict";
import fc from "fast-check";
import { concat, fromLatin1, toLatin1 } from "./bytes.ts";
import { ChunkedDecoder, encodeChunk, encodeLastChunk } from "./http1_chunked.ts";
import { HeadError } from "./http1_head.ts";

/** Feeds a body in pieces, as a reader would. */
function decode(bytes: Uint8Array, pieces: number[] = []) {
  const decoder = new ChunkedDecoder();
  let data: Uint8Array = new Uint8Array();
  let pending: Uint8Array = new Uint8Array();
  let at = 0;
  for (const size of [...pieces, bytes.length]) {
    pending = concat(pending, bytes.subarray(at, at + size));
    at += size;
    const step = decoder.push(pending);
    if (step instanceof HeadError) return step;
    data = concat(data, ...step.data);
    pending = pending.subarray(step.consumed);
  }
  return { body: toLatin1(data), rest: toLatin1(pending), decoder };
}

Deno.test("chunks, extensions and trailers are decoded; what follows is left", () => {
  const text = "4\r\nWiki\r\n5 ; a=b\r\npedia\r\n0\r\nX-Sum: 1\r\n\r\nGET /";
  const result = decode(fromLatin1(text));
  assert.ok(!(result instanceof HeadError));
  assert.deepEqual([result.body, result.rest, result.decoder.done], ["Wikipedia", "GET /", true]);
  assert.deepEqual(result.decoder.trailers.map((field) => field.value), ["1"]);
});

for (
  const text of [
    "4\nWiki\r\n",
    "4\r\nWikiX",
    "4\r\nWiki\n",
    "-1\r\n",
    "+4\r\nWiki\r\n",
    "0x4\r\nWiki\r\n",
    " 4\r\nWiki\r\n",
    "\r\n4\r\nWiki\r\n",
    "4;a=\x01\r\n",
    "g\r\n",
    "FFFFFFFFFFFFFFFF\r\n",
    "0\r\nbad name: x\r\n\r\n",
    "0\r\n folded\r\n\r\n",
    "0\r\nA: b\nC: d\r\n\r\n",
    "0\r\n" + "A: b\r\n".repeat(4000),
    "4;" + "a".repeat(300),
  ]
) {
  Deno.test(`the chunked body ${JSON.stringify(text.slice(0, 24))} is refused`, () => {
    assert.ok(decode(fromLatin1(text)) instanceof HeadError);
  });
}

Deno.test("what is encoded is decoded again, however it was split", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 8 }),
      fc.array(fc.nat(9), { maxLength: 40 }),
      (pieces, cuts) => {
        const bytes = concat(...pieces.map((piece) => encodeChunk([piece])), encodeLastChunk([]));
        const result = decode(bytes, cuts);
        assert.ok(!(result instanceof HeadError));
        assert.equal(result.body, toLatin1(concat(...pieces)));
        assert.ok(result.decoder.done);
      },
    ),
    { numRuns: 300, seed: 1 },
  );
});

Deno.test("one chunk of more than 4 GB is counted to its last byte", () => {
  const decoder = new ChunkedDecoder();
  const size = 2 ** 32 + 7;
  const piece = new Uint8Array(2 ** 24);
  assert.ok(!(decoder.push(fromLatin1(`${size.toString(16)}\r\n`)) instanceof HeadError));
  let left = size;
  while (left > 0) {
    const step = decoder.push(piece.subarray(0, left));
    assert.ok(!(step instanceof HeadError) && step.consumed > 0);
    left -= step.consumed;
  }
  const end = decoder.push(fromLatin1("\r\n0\r\n\r\n"));
  assert.ok(!(end instanceof HeadError) && decoder.done);
});

Deno.test("trailers that frame or route a message are not passed on", () => {
  const fields = ["Content-Length", "X-Sum", "Host"].map((name) => ({
    name,
    lower: name.toLowerCase(),
    value: "1",
  }));
  assert.equal(toLatin1(encodeLastChunk(fields)), "0\r\nX-Sum: 1\r\n\r\n");
});
