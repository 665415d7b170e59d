import assert from "node:assert/strict";
import { concat, EMPTY } from "../bytes.ts";
import { ConnectionError, ErrorCode, StreamError } from "./errors.ts";
import {
  encodeFrame,
  encodeGoaway,
  encodeHeaders,
  encodePing,
  encodeRstStream,
  encodeSettings,
  encodeSettingsAck,
  encodeWindowUpdate,
  Flag,
  FrameType,
  MAX_PAYLOAD,
} from "./frame.ts";
import { FrameReader } from "./frame_reader.ts";

function read(...frames: Uint8Array[]) {
  const reader = new FrameReader();
  reader.push(concat(...frames));
  const out = [];
  for (let frame = reader.next(); frame; frame = reader.next()) out.push(frame);
  return out;
}

function connectionError(frame: Uint8Array): ErrorCode {
  const [error] = read(frame);
  assert.ok(error instanceof ConnectionError, `${error?.constructor.name}`);
  return error.code;
}

const bytes = (...list: number[]) => new Uint8Array(list);
const { data, headers, priority, rstStream, settings, ping, goaway, windowUpdate } = FrameType;

Deno.test("every frame comes back from the reader", () => {
  const eight = bytes(1, 2, 3, 4, 5, 6, 7, 8);
  const frames = read(
    encodeSettings([[4, 0xffff], [6, 0xffffffff]]),
    encodeSettingsAck(),
    encodePing(true, eight),
    encodeWindowUpdate(5, 0x7fffffff),
    encodeRstStream(5, 0xffffffff),
    encodeGoaway(0x7fffffff, 2, bytes(9)),
    encodeFrame(0xfe, 0xff, 7, eight),
    encodeFrame(priority, 0, 7, bytes(0, 0, 0, 0, 1)),
    encodeFrame(FrameType.pushPromise, 4, 1, bytes(0, 0, 0, 2)),
  );
  assert.deepEqual(frames, [
    { type: "settings", ack: false, entries: [[4, 0xffff], [6, 0xffffffff]] },
    { type: "settings", ack: true, entries: [] },
    { type: "ping", ack: true, data: eight },
    { type: "window_update", stream: 5, increment: 0x7fffffff },
    { type: "rst_stream", stream: 5, code: 0xffffffff },
    { type: "goaway", lastStream: 0x7fffffff, code: 2, debug: bytes(9) },
    { type: "unknown", kind: 0xfe, stream: 7 },
    { type: "priority", stream: 7 },
    { type: "push_promise", stream: 1 },
  ]);
});

Deno.test("padding and priority are taken off, and counted", () => {
  const padded = encodeFrame(data, Flag.padded | Flag.endStream, 1, bytes(2, 65, 66, 0, 0));
  const [frame] = read(padded);
  assert.deepEqual(frame, {
    type: "data",
    stream: 1,
    size: 2,
    flow: 5,
    endStream: true,
    raw: padded,
  });
  const flags = Flag.padded | Flag.priority | Flag.endHeaders;
  const [head] = read(encodeFrame(headers, flags, 3, bytes(1, 0, 0, 0, 0, 9, 0x82, 0)));
  assert.deepEqual(head, {
    type: "headers",
    stream: 3,
    block: bytes(0x82),
    endStream: false,
    endHeaders: true,
  });
});

Deno.test("undefined flags and the reserved bit are not relayed", () => {
  const frame = encodeFrame(data, 0xff & ~Flag.padded, 1, bytes(65));
  frame[5] = 0x80;
  const [read1] = read(frame);
  assert.ok(read1 && "raw" in read1);
  assert.deepEqual(read1.raw, encodeFrame(data, Flag.endStream, 1, bytes(65)));
  assert.equal(frame[4], 0xf7, "the input stays as it was");
});

Deno.test("a large header block takes CONTINUATION frames", () => {
  const block = new Uint8Array(MAX_PAYLOAD * 2 + 1).fill(7);
  const frames = read(encodeHeaders(9, block, true));
  assert.deepEqual(
    frames.map((f) => "block" in f && [f.type, f.block.length, f.endHeaders]),
    [["headers", MAX_PAYLOAD, false], ["continuation", MAX_PAYLOAD, false], [
      "continuation",
      1,
      true,
    ]],
  );
  assert.deepEqual(read(encodeHeaders(9, EMPTY, false)), [
    { type: "headers", stream: 9, block: EMPTY, endStream: false, endHeaders: true },
  ]);
});

Deno.test("frames that break a rule are connection errors with the right code", () => {
  const { protocol, frameSize, flowControl } = ErrorCode;
  const cases: [ErrorCode, Uint8Array][] = [
    [protocol, encodeFrame(data, 0, 0, EMPTY)],
    [protocol, encodeFrame(headers, 4, 0, EMPTY)],
    [protocol, encodeFrame(FrameType.continuation, 4, 0, EMPTY)],
    [protocol, encodeFrame(rstStream, 0, 0, bytes(0, 0, 0, 0))],
    [protocol, encodeFrame(settings, 0, 1, EMPTY)],
    [protocol, encodeFrame(ping, 0, 1, new Uint8Array(8))],
    [protocol, encodeFrame(goaway, 0, 1, new Uint8Array(8))],
    [protocol, encodeFrame(data, Flag.padded, 1, bytes(1))],
    [frameSize, encodeFrame(data, Flag.padded, 1, EMPTY)],
    [frameSize, encodeFrame(headers, Flag.priority, 1, bytes(0, 0))],
    [frameSize, encodeFrame(rstStream, 0, 1, bytes(0))],
    [frameSize, encodeFrame(settings, 0, 0, bytes(0))],
    [frameSize, encodeFrame(settings, Flag.ack, 0, new Uint8Array(6))],
    [frameSize, encodeFrame(ping, 0, 0, bytes(0))],
    [frameSize, encodeFrame(goaway, 0, 0, new Uint8Array(7))],
    [frameSize, encodeFrame(windowUpdate, 0, 0, bytes(0))],
    [frameSize, encodeFrame(data, 0, 1, new Uint8Array(MAX_PAYLOAD + 1))],
    [protocol, encodeWindowUpdate(0, 0)],
    [protocol, encodeSettings([[2, 2]])],
    [protocol, encodeSettings([[8, 2]])],
    [protocol, encodeSettings([[5, 16383]])],
    [protocol, encodeSettings([[5, 2 ** 24]])],
    [flowControl, encodeSettings([[4, 2 ** 31]])],
  ];
  for (const [code, frame] of cases) assert.equal(connectionError(frame), code, frame.join());
});

Deno.test("some errors end only their stream, and reading goes on", () => {
  const [error, after] = read(
    encodeFrame(priority, 0, 3, bytes(0)),
    encodeWindowUpdate(5, 0),
  );
  assert.ok(
    error instanceof StreamError && error.code === ErrorCode.frameSize && error.stream === 3,
  );
  assert.ok(
    after instanceof StreamError && after.code === ErrorCode.protocol && after.stream === 5,
  );
});
