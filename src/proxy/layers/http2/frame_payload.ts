/**
 * Decodes the payloads of frames, strictly (RFC 9113 section 6).
 *
 * @module
 */

import { ConnectionError, ErrorCode, StreamError } from "./errors.ts";
import {
  Flag,
  type Frame,
  FrameType,
  HEADER_SIZE,
  MAX_PAYLOAD,
  MAX_WINDOW,
  Setting,
  type SettingEntry,
} from "./frame.ts";

/** A frame in parts, not yet understood. */
interface RawFrame {
  /** The whole frame. */
  bytes: Uint8Array;
  flags: number;
  stream: number;
}

/**
 * Decodes one whole frame.
 *
 * @param bytes a header and the payload that it announces, at most 16384 bytes
 * @throws {ConnectionError | StreamError} if it breaks a rule of its type
 */
export function decodeFrame(bytes: Uint8Array): Frame {
  const frame = { bytes, flags: bytes[4]!, stream: read31(bytes, 5) };
  switch (bytes[3]) {
    case FrameType.data:
      return data(frame);
    case FrameType.headers:
      return headers(frame);
    case FrameType.priority:
      return priority(frame);
    case FrameType.rstStream:
      return rstStream(frame);
    case FrameType.settings:
      return settings(frame);
    case FrameType.pushPromise:
      return pushPromise(frame);
    case FrameType.ping:
      return ping(frame);
    case FrameType.goaway:
      return goaway(frame);
    case FrameType.windowUpdate:
      return windowUpdate(frame);
    case FrameType.continuation:
      return continuation(frame);
    default:
      return { type: "unknown", kind: bytes[3]!, stream: frame.stream };
  }
}

function data(frame: RawFrame): Frame {
  needStream(frame);
  const [start, end] = unpadded(frame);
  return {
    type: "data",
    stream: frame.stream,
    size: end - start,
    flow: frame.bytes.length - HEADER_SIZE,
    endStream: has(frame, Flag.endStream),
    raw: withoutStrayBits(frame, Flag.endStream | Flag.padded),
  };
}

function headers(frame: RawFrame): Frame {
  needStream(frame);
  const [start, end] = unpadded(frame);
  // The priority fields are read over: nothing here schedules by them (RFC 9113 section 5.3.2).
  const from = has(frame, Flag.priority) ? start + 5 : start;
  if (from > end) fail(ErrorCode.frameSize, "HEADERS too short for its priority");
  return {
    type: "headers",
    stream: frame.stream,
    block: frame.bytes.subarray(from, end),
    endStream: has(frame, Flag.endStream),
    endHeaders: has(frame, Flag.endHeaders),
  };
}

function priority(frame: RawFrame): Frame {
  needStream(frame);
  if (frame.bytes.length !== HEADER_SIZE + 5) {
    throw new StreamError(frame.stream, ErrorCode.frameSize, "PRIORITY is not 5 bytes");
  }
  return { type: "priority", stream: frame.stream };
}

function rstStream(frame: RawFrame): Frame {
  needStream(frame);
  needSize(frame, 4);
  return { type: "rst_stream", stream: frame.stream, code: read32(frame.bytes, HEADER_SIZE) };
}

function settings(frame: RawFrame): Frame {
  needConnection(frame);
  const { bytes } = frame;
  const ack = has(frame, Flag.ack);
  if (ack && bytes.length > HEADER_SIZE) fail(ErrorCode.frameSize, "SETTINGS ACK with a payload");
  if ((bytes.length - HEADER_SIZE) % 6 !== 0) fail(ErrorCode.frameSize, "SETTINGS cut off");
  const entries: SettingEntry[] = [];
  for (let at = HEADER_SIZE; at < bytes.length; at += 6) {
    const entry: SettingEntry = [bytes[at]! << 8 | bytes[at + 1]!, read32(bytes, at + 2)];
    checkSetting(entry);
    entries.push(entry);
  }
  return { type: "settings", ack, entries };
}

function checkSetting([id, value]: SettingEntry): void {
  const flag = id === Setting.enablePush || id === Setting.enableConnectProtocol;
  if (flag && value > 1) fail(ErrorCode.protocol, "a setting that is neither 0 nor 1");
  if (id === Setting.initialWindowSize && value > MAX_WINDOW) {
    fail(ErrorCode.flowControl, "an initial window that is too large");
  }
  if (id === Setting.maxFrameSize && (value < MAX_PAYLOAD || value > 2 ** 24 - 1)) {
    fail(ErrorCode.protocol, "a maximum frame size out of range");
  }
}

function pushPromise(frame: RawFrame): Frame {
  needStream(frame);
  return { type: "push_promise", stream: frame.stream };
}

function ping(frame: RawFrame): Frame {
  needConnection(frame);
  needSize(frame, 8);
  return { type: "ping", ack: has(frame, Flag.ack), data: frame.bytes.subarray(HEADER_SIZE) };
}

function goaway(frame: RawFrame): Frame {
  needConnection(frame);
  const { bytes } = frame;
  if (bytes.length < HEADER_SIZE + 8) fail(ErrorCode.frameSize, "GOAWAY cut off");
  return {
    type: "goaway",
    lastStream: read31(bytes, HEADER_SIZE),
    code: read32(bytes, HEADER_SIZE + 4),
    debug: bytes.subarray(HEADER_SIZE + 8),
  };
}

function windowUpdate(frame: RawFrame): Frame {
  needSize(frame, 4);
  const increment = read31(frame.bytes, HEADER_SIZE);
  if (increment === 0) {
    const message = "WINDOW_UPDATE of nothing";
    if (frame.stream === 0) fail(ErrorCode.protocol, message);
    throw new StreamError(frame.stream, ErrorCode.protocol, message);
  }
  return { type: "window_update", stream: frame.stream, increment };
}

function continuation(frame: RawFrame): Frame {
  needStream(frame);
  return {
    type: "continuation",
    stream: frame.stream,
    block: frame.bytes.subarray(HEADER_SIZE),
    endHeaders: has(frame, Flag.endHeaders),
  };
}

/** Where a payload begins and ends without its padding (RFC 9113 section 6.1). */
function unpadded(frame: RawFrame): [start: number, end: number] {
  const { bytes } = frame;
  if (!has(frame, Flag.padded)) return [HEADER_SIZE, bytes.length];
  const padding = bytes[HEADER_SIZE];
  if (padding === undefined) fail(ErrorCode.frameSize, "a padded frame without its length");
  const end = bytes.length - padding;
  if (end < HEADER_SIZE + 1) fail(ErrorCode.protocol, "more padding than payload");
  return [HEADER_SIZE + 1, end];
}

/** What is relayed as it came must not carry bits that only some receivers understand. */
function withoutStrayBits(frame: RawFrame, flags: number): Uint8Array {
  const { bytes } = frame;
  if ((frame.flags & ~flags) === 0 && bytes[5]! < 0x80) return bytes;
  const clean = bytes.slice();
  clean[4] = frame.flags & flags;
  clean[5] = bytes[5]! & 0x7f;
  return clean;
}

function has(frame: RawFrame, flag: number): boolean {
  return (frame.flags & flag) !== 0;
}

function needStream(frame: RawFrame): void {
  if (frame.stream === 0) fail(ErrorCode.protocol, "a stream's frame on stream 0");
}

function needConnection(frame: RawFrame): void {
  if (frame.stream !== 0) fail(ErrorCode.protocol, "a connection's frame on a stream");
}

function needSize(frame: RawFrame, size: number): void {
  const { length } = frame.bytes;
  if (length !== HEADER_SIZE + size) {
    fail(ErrorCode.frameSize, `a frame of ${length - HEADER_SIZE} bytes that has ${size}`);
  }
}

function fail(code: ErrorCode, message: string): never {
  throw new ConnectionError(code, message);
}

function read31(bytes: Uint8Array, at: number): number {
  return read32(bytes, at) & 0x7fffffff;
}

function read32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!) >>> 0;
}
