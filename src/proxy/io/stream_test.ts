import assert from "node:assert/strict";
import { BufferedStream } from "./buffered_stream.ts";
import { StreamReader } from "./reader.ts";
import { closeQuietly, type Stream } from "./stream.ts";

function stream(text: string) {
  return {
    closed: 0,
    read(into: Uint8Array): Promise<number | null> {
      if (text === "") return Promise.resolve(null);
      into.set(new TextEncoder().encode(text));
      const count = text.length;
      text = "";
      return Promise.resolve(count);
    },
    write: (bytes: Uint8Array) => Promise.resolve(bytes.length),
    closeWrite: () => Promise.resolve(),
    close() {
      this.closed++;
    },
  } satisfies Stream & { closed: number };
}

Deno.test("a stream is closed once, also by way of what wraps it", () => {
  const inner = stream("");
  const wrapped = new BufferedStream(inner, new StreamReader(inner));
  closeQuietly(wrapped);
  closeQuietly(inner);
  closeQuietly(wrapped);
  closeQuietly(undefined);
  assert.equal(inner.closed, 1);
});

Deno.test("only what a stream may answer to being closed twice is kept quiet", () => {
  closeQuietly({
    close() {
      throw new Deno.errors.BadResource("closed elsewhere");
    },
  });
  const defect = new TypeError("a defect");
  assert.throws(() =>
    closeQuietly({
      close() {
        throw defect;
      },
    }), defect);
});

Deno.test("what was read before comes first, in pieces as small as asked for, then the stream", async () => {
  const inner = stream("later");
  const reader = new StreamReader(inner, new TextEncoder().encode("first"));
  const wrapped = new BufferedStream(inner, reader);
  const into = new Uint8Array(16);
  const next = async (size: number) => {
    const count = await wrapped.read(into.subarray(0, size));
    return count === null ? null : new TextDecoder().decode(into.subarray(0, count));
  };
  assert.equal(await next(3), "fir");
  reader.prefetch(); // a read in flight is waited for
  assert.equal(await next(16), "st");
  assert.equal(await next(16), "later");
  assert.equal(await next(16), null);
});
