import assert from "node:assert/strict";
import { fromLatin1 } from "../../bytes.ts";
import { HpackDecoder } from "./decoder.ts";
import { DynamicTable } from "./dynamic_table.ts";
import { HpackEncoder } from "./encoder.ts";
import { HpackError } from "./error.ts";

const LIMITS = { bytes: 65536, fields: 256 };

function field(name: string, value: string, sensitive = false) {
  return { name, value, sensitive };
}

function decodeError(bytes: number[], decoder = new HpackDecoder(LIMITS)): string {
  const result = decoder.decode(new Uint8Array(bytes));
  assert.ok(result instanceof HpackError);
  return result.message;
}

Deno.test("bad blocks are HPACK errors", () => {
  assert.match(decodeError([0x80]), /index 0/);
  assert.match(decodeError([0xbe]), /index 62/);
  assert.match(decodeError([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]), /too large/);
  assert.match(decodeError([0x40]), /cut off/);
  assert.match(decodeError([0x40, 0x05, 0x61]), /cut off/);
  assert.match(decodeError([0x82, 0x20]), /after a field/);
  assert.match(decodeError([0x3f, 0xe2, 0x1f]), /above the agreed/);
});

Deno.test("Huffman strings with EOS or wrong padding are HPACK errors", () => {
  assert.match(decodeError([0x40, 0x84, 0xff, 0xff, 0xff, 0xff, 0x00]), /EOS/);
  // "0" is 00000: padded with zeros, and padded with eight ones.
  assert.match(decodeError([0x40, 0x81, 0x00, 0x00]), /padding/);
  assert.match(decodeError([0x40, 0x82, 0x07, 0xff, 0x00]), /padding/);
});

Deno.test("an acknowledged reduction must be announced by the next block", () => {
  const silent = new HpackDecoder(LIMITS);
  silent.setTableLimit(100);
  assert.match(decodeError([0x82], silent), /not made smaller/);
  const obedient = new HpackDecoder(LIMITS);
  obedient.setTableLimit(100);
  assert.ok(!(obedient.decode(new Uint8Array([0x3f, 0x45, 0x82])) instanceof Error));
});

Deno.test("a list above the limits is cut, and the table stays right", () => {
  const decoder = new HpackDecoder({ bytes: 400, fields: 256 });
  const add = [0x40, 1, 0x78, 100, ...new Array(100).fill(0x79)];
  const bomb = decoder.decode(new Uint8Array([...add, ...new Array(60_000).fill(0xbe)]));
  assert.ok(!(bomb instanceof Error));
  assert.equal(bomb.tooLarge, true);
  assert.equal(bomb.fields.length, 3);
  const next = decoder.decode(new Uint8Array([0xbe]));
  assert.ok(!(next instanceof Error) && next.fields[0]!.name === "x" && !next.tooLarge);
  const many = new HpackDecoder({ bytes: 65536, fields: 2 }).decode(
    new Uint8Array([0x82, 0x82, 0x82]),
  );
  assert.ok(!(many instanceof Error) && many.tooLarge);
});

Deno.test("an entry larger than the table empties it", () => {
  const table = new DynamicTable(100);
  table.add(field("a", "b"));
  table.add(field("c", "d"));
  assert.equal(table.get(0)?.name, "c");
  table.add(field("e", "f"));
  assert.deepEqual([table.length, table.size, table.get(1)?.name], [2, 68, "c"]);
  table.add(field("x", "y".repeat(100)));
  assert.deepEqual([table.length, table.size, table.get(0)], [0, 0, undefined]);
});

Deno.test("the dynamic table keeps its order over many evictions", () => {
  const table = new DynamicTable(4096);
  for (let i = 0; i < 1000; i++) table.add(field("n", String(1000 + i)));
  assert.equal(table.length, Math.floor(4096 / 37));
  assert.equal(table.get(0)?.value, "1999");
  assert.equal(table.get(table.length - 1)?.value, String(2000 - table.length));
});

Deno.test("the encoder announces an empty table, indexes nothing and marks secrets", () => {
  const encoder = new HpackEncoder({ huffman: false });
  const fields = [field(":method", "GET"), field("cookie", "a"), field("x-k", "v", true)];
  assert.deepEqual(
    [...encoder.encode(fields)],
    [0x20, 0x82, 0x1f, 0x11, 1, 0x61, 0x10, 3, ...fromLatin1("x-k"), 1, 0x76],
  );
  assert.deepEqual([...encoder.encode([field(":path", "/a")])], [0x04, 2, 0x2f, 0x61]);
  encoder.announceTableSize();
  assert.deepEqual([...encoder.encode([field(":path", "/")])], [0x20, 0x84]);
});
