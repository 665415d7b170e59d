import assert from "node:assert/strict";
import { encodeFrame, FrameDecoder, FrameError, FrameKind, MAX_FRAME } from "./frame.ts";

Deno.test("a frame comes back as it was sent, however the stream is cut", () => {
  const body = { op: "judge", text: "ü".repeat(3000) };
  const bytes = new Uint8Array([
    ...encodeFrame(FrameKind.request, 7, body),
    ...encodeFrame(FrameKind.event, 0, [1, null]),
  ]);
  for (const step of [1, 3, 4, 8, 9, 1000, bytes.length]) {
    const decoder = new FrameDecoder();
    const frames = [];
    for (let at = 0; at < bytes.length; at += step) {
      frames.push(...decoder.push(bytes.subarray(at, at + step)));
    }
    assert.deepEqual(frames, [
      { id: 7, kind: FrameKind.request, body },
      { id: 0, kind: FrameKind.event, body: [1, null] },
    ]);
  }
});

Deno.test("frame ids use all 32 bits", () => {
  const [frame] = new FrameDecoder().push(encodeFrame(FrameKind.response, 0xffffffff, true));
  assert.equal(frame?.id, 0xffffffff);
});

Deno.test("a length out of range, an unknown kind and a body that is not JSON are frame errors", () => {
  const tooLong = new Uint8Array(4);
  new DataView(tooLong.buffer).setUint32(0, MAX_FRAME + 1);
  assert.throws(() => new FrameDecoder().push(tooLong), FrameError);
  assert.throws(() => new FrameDecoder().push(new Uint8Array(4)), FrameError);
  const unknown = encodeFrame(FrameKind.event, 0, 1);
  unknown[8] = 3;
  assert.throws(() => new FrameDecoder().push(unknown), FrameError);
  const notJson = encodeFrame(FrameKind.event, 0, 1);
  notJson[9] = 0x7b;
  assert.throws(() => new FrameDecoder().push(notJson), FrameError);
});
