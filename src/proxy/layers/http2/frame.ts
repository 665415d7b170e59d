/**
 * Frames of HTTP/2 (RFC 9113 sections 4 and 6) and their encoding.
 *
 * @module
 */

/** Frame types (RFC 9113 section 6). */
export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Frame flags. `ack` is that of SETTINGS and PING. */
export const Flag = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

/** Settings (RFC 9113 section 6.5.2, RFC 8441 section 3). */
export const Setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
  enableConnectProtocol: 8,
} as const;

/** What a client sends first (RFC 9113 section 3.4), Latin-1. */
export const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/** Bytes of a frame's header. */
export const HEADER_SIZE = 9;
/** Largest payload, in bytes: the default, which the relay never raises. */
export const MAX_PAYLOAD = 16384;
/** Largest window, in bytes (RFC 9113 section 6.9.1). */
export const MAX_WINDOW = 2 ** 31 - 1;
/** Windows that hold until something else is said, in bytes. */
export const DEFAULT_WINDOW = 65535;

/** One setting: identifier (16 bits) and value (32 bits). */
export type SettingEntry = readonly [id: number, value: number];

/** A decoded frame. Byte strings may be views of what the reader was given: see its `push`. */
export type Frame =
  | DataFrame
  | { type: "headers"; stream: number; block: Uint8Array; endStream: boolean; endHeaders: boolean }
  | { type: "priority"; stream: number }
  | { type: "rst_stream"; stream: number; code: number }
  | { type: "settings"; ack: boolean; entries: SettingEntry[] }
  | { type: "push_promise"; stream: number }
  | { type: "ping"; ack: boolean; data: Uint8Array }
  | { type: "goaway"; lastStream: number; code: number; debug: Uint8Array }
  | { type: "window_update"; stream: number; increment: number }
  | { type: "continuation"; stream: number; block: Uint8Array; endHeaders: boolean }
  | { type: "unknown"; kind: number; stream: number };

/** DATA. */
export interface DataFrame {
  type: "data";
  stream: number;
  /** Bytes of content, without padding. */
  size: number;
  /** Bytes that count for flow control: content and padding. */
  flow: number;
  endStream: boolean;
  /** The whole frame as it came, undefined flags and the reserved bit cleared. */
  raw: Uint8Array;
}

/**
 * Encodes a frame.
 *
 * @param stream 0..2^31-1
 * @param payload at most {@link MAX_PAYLOAD} bytes
 */
export function encodeFrame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const out = start(type, flags, stream, payload.length);
  out.set(payload, HEADER_SIZE);
  return out;
}

/**
 * Encodes a header block as HEADERS and as many CONTINUATION frames as it takes.
 *
 * @param block of any size
 */
export function encodeHeaders(
  stream: number,
  block: Uint8Array,
  endStream: boolean,
): Uint8Array<ArrayBuffer> {
  const frames = Math.max(1, Math.ceil(block.length / MAX_PAYLOAD));
  const out = new Uint8Array(block.length + frames * HEADER_SIZE);
  let at = 0;
  for (let i = 0; i < frames; i++) {
    const part = block.subarray(i * MAX_PAYLOAD, (i + 1) * MAX_PAYLOAD);
    const flags = (i === 0 && endStream ? Flag.endStream : 0) |
      (i === frames - 1 ? Flag.endHeaders : 0);
    const type = i === 0 ? FrameType.headers : FrameType.continuation;
    writeHeader(out, at, type, flags, stream, part.length);
    out.set(part, at + HEADER_SIZE);
    at += HEADER_SIZE + part.length;
  }
  return out;
}

/** Encodes RST_STREAM. */
export function encodeRstStream(stream: number, code: number): Uint8Array<ArrayBuffer> {
  const out = start(FrameType.rstStream, 0, stream, 4);
  write32(out, HEADER_SIZE, code);
  return out;
}

/** Encodes WINDOW_UPDATE; `increment` is 1..2^31-1. */
export function encodeWindowUpdate(stream: number, increment: number): Uint8Array<ArrayBuffer> {
  const out = start(FrameType.windowUpdate, 0, stream, 4);
  write32(out, HEADER_SIZE, increment);
  return out;
}

/** Encodes SETTINGS. */
export function encodeSettings(entries: readonly SettingEntry[]): Uint8Array<ArrayBuffer> {
  const out = start(FrameType.settings, 0, 0, entries.length * 6);
  let at = HEADER_SIZE;
  for (const [id, value] of entries) {
    out[at] = id >>> 8;
    out[at + 1] = id;
    write32(out, at + 2, value);
    at += 6;
  }
  return out;
}

/** Encodes the acknowledgement of SETTINGS. */
export function encodeSettingsAck(): Uint8Array<ArrayBuffer> {
  return start(FrameType.settings, Flag.ack, 0, 0);
}

/** Encodes PING; `data` has 8 bytes. */
export function encodePing(ack: boolean, data: Uint8Array): Uint8Array<ArrayBuffer> {
  return encodeFrame(FrameType.ping, ack ? Flag.ack : 0, 0, data);
}

/** Encodes GOAWAY; `debug` is at most {@link MAX_PAYLOAD} - 8 bytes. */
export function encodeGoaway(
  lastStream: number,
  code: number,
  debug: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const out = start(FrameType.goaway, 0, 0, 8 + debug.length);
  write32(out, HEADER_SIZE, lastStream);
  write32(out, HEADER_SIZE + 4, code);
  out.set(debug, HEADER_SIZE + 8);
  return out;
}

function start(type: number, flags: number, stream: number, length: number) {
  const out = new Uint8Array(HEADER_SIZE + length);
  writeHeader(out, 0, type, flags, stream, length);
  return out;
}

function writeHeader(
  out: Uint8Array,
  at: number,
  type: number,
  flags: number,
  stream: number,
  length: number,
): void {
  out[at] = length >>> 16;
  out[at + 1] = length >>> 8;
  out[at + 2] = length;
  out[at + 3] = type;
  out[at + 4] = flags;
  write32(out, at + 5, stream);
}

function write32(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}
