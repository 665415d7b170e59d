import assert from "node:assert/strict";
import fc from "fast-check";
import { fromLatin1 } from "../../bytes.ts";
import { HpackDecoder } from "./decoder.ts";
import { HpackEncoder } from "./encoder.ts";
import { HpackError } from "./error.ts";
import { decodeHuffman, encodeHuffman, huffmanLength } from "./huffman.ts";
import { BlockReader, BlockWriter, MAX_INTEGER } from "./primitives.ts";
import { STATIC_TABLE } from "./static_table.ts";

const LIMITS = { bytes: 65536, fields: 256 };
const latin1 = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c)),
});
const fields = fc.array(
  fc.record({
    name: fc.oneof(latin1, fc.constantFrom(...STATIC_TABLE.map(({ name }) => name))),
    value: fc.oneof(latin1, fc.constantFrom(...STATIC_TABLE.map(({ value }) => value))),
    sensitive: fc.boolean(),
  }),
  { maxLength: 12 },
);

Deno.test("any bytes are a header list or an HPACK error", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 6 }), (blocks) => {
      const decoder = new HpackDecoder(LIMITS);
      for (const block of blocks) {
        const result = decoder.decode(block);
        if (result instanceof HpackError) return;
        assert.ok(Array.isArray(result.fields));
      }
    }),
    { numRuns: 3000 },
  );
});

Deno.test("a header list survives the encoder and the decoder", () => {
  fc.assert(
    fc.property(fc.array(fields, { maxLength: 4 }), fc.boolean(), (lists, huffman) => {
      const encoder = new HpackEncoder({ huffman });
      const decoder = new HpackDecoder(LIMITS);
      for (const list of lists) {
        const back = decoder.decode(encoder.encode(list));
        assert.ok(!(back instanceof Error));
        assert.deepEqual(
          back.fields.map(({ name, value }) => [name, value]),
          list.map(({ name, value }) => [name, value]),
        );
        list.forEach(({ sensitive }, at) => assert.ok(!sensitive || back.fields[at]!.sensitive));
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("any text survives Huffman coding, in the length foretold", () => {
  fc.assert(
    fc.property(latin1, (text) => {
      const out = new Uint8Array(huffmanLength(text));
      assert.equal(encodeHuffman(text, out, 0), out.length);
      assert.equal(decodeHuffman(out, 0, out.length), text);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("any bytes are a Huffman string that encodes back to them, or an HPACK error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      let text;
      try {
        text = decodeHuffman(bytes, 0, bytes.length);
      } catch (error) {
        return assert.ok(error instanceof HpackError);
      }
      const out = new Uint8Array(huffmanLength(text));
      encodeHuffman(text, out, 0);
      assert.deepEqual(out, bytes);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("any integer and string survives", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 0, max: MAX_INTEGER }),
      latin1,
      (prefix, value, text) => {
        const writer = new BlockWriter(true);
        writer.integer(prefix, 0, value);
        writer.string(text);
        const reader = new BlockReader(writer.take());
        assert.equal(reader.integer(prefix), value);
        assert.equal(reader.string(), text);
        assert.ok(reader.done);
        assert.equal(fromLatin1(text).length, text.length);
      },
    ),
    { numRuns: 1000 },
  );
});
