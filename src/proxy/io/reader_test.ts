import assert from "node:assert/strict";
import { toLatin1 } from "../layers/bytes.ts";
import { CHUNK, StreamReader } from "./reader.ts";

/** A source that gives its pieces one a read, and fails or ends after them. */
function source(pieces: string[], failure?: Error) {
  let reads = 0;
  return {
    get reads() {
      return reads;
    },
    read(into: Uint8Array): Promise<number | null> {
      const piece = pieces[reads++];
      if (piece === undefined) return failure ? Promise.reject(failure) : Promise.resolve(null);
      into.set(new TextEncoder().encode(piece));
      return Promise.resolve(piece.length);
    },
  };
}

Deno.test("bytes gather until they are consumed, behind those that were read before", async () => {
  const reader = new StreamReader(source(["cd", "ef"]), new TextEncoder().encode("ab"));
  await reader.fill();
  assert.equal(toLatin1(reader.buffered), "abcd");
  reader.consume(3);
  await reader.fill();
  assert.equal(toLatin1(reader.buffered), "def");
  assert.equal(await reader.fill(), false);
  assert.ok(reader.ended);
});

Deno.test("one read is in flight at a time, whoever waits for it", async () => {
  const from = source(["ab", "cd"]);
  const reader = new StreamReader(from);
  reader.prefetch();
  assert.ok(reader.reading);
  await Promise.all([reader.fill(), reader.fill()]);
  assert.equal(from.reads, 1);
});

Deno.test("a failure during a prefetch is kept for the next fill", async () => {
  const failure = new Error("reset");
  const reader = new StreamReader(source([], failure));
  await new Promise<void>((resolve) => reader.prefetch(resolve));
  assert.equal(reader.error, failure);
  await assert.rejects(() => reader.fill(), failure);
});

Deno.test("the window grows past one chunk and keeps its bytes", async () => {
  const piece = "x".repeat(CHUNK / 4);
  const reader = new StreamReader(source(new Array(12).fill(piece)));
  for (let i = 0; i < 12; i++) await reader.fill();
  assert.equal(toLatin1(reader.buffered), piece.repeat(12));
});
