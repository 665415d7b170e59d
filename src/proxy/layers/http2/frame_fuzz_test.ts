import assert from "node:assert/strict";
import fc from "fast-check";
import { concat } from "../bytes.ts";
import { ConnectionError, StreamError } from "./errors.ts";
import { encodeFrame } from "./frame.ts";
import { FrameReader } from "./frame_reader.ts";

const frames = fc.array(
  fc.record({
    type: fc.integer({ min: 0, max: 11 }),
    flags: fc.integer({ min: 0, max: 255 }),
    stream: fc.integer({ min: 0, max: 3 }),
    payload: fc.uint8Array({ maxLength: 20 }),
  }).map((f) => encodeFrame(f.type, f.flags, f.stream, f.payload)),
  { maxLength: 8 },
);

/** All that a stream holds, as text, so that views need not stay valid. */
function readAll(chunks: Iterable<Uint8Array>): string[] {
  const reader = new FrameReader();
  const out: string[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let frame = reader.next(); frame; frame = reader.next()) {
      if (frame instanceof ConnectionError) return [...out, `${frame.code} ${frame.message}`];
      out.push(frame instanceof StreamError ? frame.message : JSON.stringify(frame));
    }
  }
  return out;
}

function* cut(bytes: Uint8Array, steps: readonly number[]) {
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const step = steps[i % steps.length]!;
    yield bytes.slice(at, at + step);
    at += step;
  }
}

Deno.test("any bytes are frames or an error", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }), (chunks) => {
      readAll(chunks);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("frames do not depend on how the stream is cut", () => {
  const steps = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(frames, steps, (list, sizes) => {
      const bytes = concat(...list);
      assert.deepEqual(readAll(cut(bytes, sizes)), readAll([bytes]));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("frames of one push stay valid together", () => {
  fc.assert(
    fc.property(frames, fc.integer({ min: 0, max: 40 }), (list, at) => {
      const bytes = concat(...list);
      const reader = new FrameReader();
      for (const part of [bytes.subarray(0, at), bytes.subarray(at)]) {
        reader.push(part);
        const kept = [];
        const texts = [];
        for (let frame = reader.next(); frame; frame = reader.next()) {
          if (frame instanceof ConnectionError) return;
          kept.push(frame);
          texts.push(JSON.stringify(frame));
        }
        assert.deepEqual(kept.map((frame) => JSON.stringify(frame)), texts);
      }
    }),
    { numRuns: 1000 },
  );
});
