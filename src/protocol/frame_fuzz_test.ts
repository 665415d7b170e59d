import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeFrame, FrameDecoder, FrameError, FrameKind } from "./frame.ts";

Deno.test("any bytes are frames or a frame error", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 8 }), (chunks) => {
      const decoder = new FrameDecoder();
      try {
        for (const chunk of chunks) assert.ok(Array.isArray(decoder.push(chunk)));
      } catch (error) {
        assert.ok(error instanceof FrameError);
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("any JSON value survives any cut of the stream", () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue(), { maxLength: 5 }),
      fc.integer({ min: 1, max: 40 }),
      (bodies, step) => {
        const bytes = new Uint8Array(
          bodies.flatMap((body, id) => [...encodeFrame(FrameKind.request, id, body)]),
        );
        const decoder = new FrameDecoder();
        const back = [];
        for (let at = 0; at < bytes.length; at += step) {
          back.push(...decoder.push(bytes.subarray(at, at + step)));
        }
        assert.deepEqual(
          back.map((frame) => JSON.stringify(frame.body)),
          bodies.map((body) => JSON.stringify(body)),
        );
      },
    ),
    { numRuns: 300 },
  );
});
