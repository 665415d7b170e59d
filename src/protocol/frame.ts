/**
 * Frames that the roles exchange over pipes and Unix sockets.
 *
 *     u32 BE  length of what follows (5 .. MAX_FRAME)
 *     u32 BE  request id (0 for events)
 *     u8      kind
 *     ...     UTF-8 JSON
 *
 * @module
 */

/** What a frame is to its receiver. */
export const FrameKind = {
  /** Wants exactly one `response` with the same id. */
  request: 0,
  /** Answers the request of the same id. */
  response: 1,
  /** Wants no answer. */
  event: 2,
} as const;
export type FrameKind = typeof FrameKind[keyof typeof FrameKind];

/** One decoded frame. `body` is whatever JSON it carried; the receiver narrows it. */
export interface Frame {
  id: number;
  kind: FrameKind;
  body: unknown;
}

/** Largest length field that is accepted, in bytes: a policy file fits, a runaway peer does not. */
export const MAX_FRAME = 16 * 1024 * 1024;

const HEADER = 9;
const utf8 = new TextEncoder();
const text = new TextDecoder("utf-8", { fatal: true });

/** A peer sent bytes that are no frame. The connection is beyond repair: close it. */
export class FrameError extends Error {
  override name = "FrameError";
}

/**
 * Encodes one frame.
 *
 * @param id 0..2^32-1
 * @throws {FrameError} if the body is larger than {@link MAX_FRAME}
 */
export function encodeFrame(kind: FrameKind, id: number, body: unknown): Uint8Array<ArrayBuffer> {
  const json = utf8.encode(JSON.stringify(body));
  if (json.length + 5 > MAX_FRAME) throw new FrameError(`frame of ${json.length} bytes`);
  const out = new Uint8Array(HEADER + json.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, json.length + 5);
  view.setUint32(4, id);
  out[8] = kind;
  out.set(json, HEADER);
  return out;
}

/** Reassembles frames from a byte stream; sans-I/O. */
export class FrameDecoder {
  #buffer: Uint8Array = new Uint8Array(4096);
  #length = 0;

  /**
   * Takes the next bytes of the stream and returns the frames that they complete.
   *
   * @throws {FrameError} on a length out of range, an unknown kind, or a body that is not JSON
   */
  push(bytes: Uint8Array): Frame[] {
    this.#append(bytes);
    const frames: Frame[] = [];
    let at = 0;
    while (this.#length - at >= 4) {
      const view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset + at);
      const size = view.getUint32(0);
      if (size < 5 || size > MAX_FRAME) throw new FrameError(`frame length ${size}`);
      if (this.#length - at < 4 + size) break;
      const kind = this.#buffer[at + 8]!;
      if (kind > 2) throw new FrameError(`frame kind ${kind}`);
      frames.push({
        id: view.getUint32(4),
        kind: kind as FrameKind,
        body: parse(this.#buffer.subarray(at + HEADER, at + 4 + size)),
      });
      at += 4 + size;
    }
    if (at > 0) {
      this.#buffer.copyWithin(0, at, this.#length);
      this.#length -= at;
    }
    return frames;
  }

  #append(bytes: Uint8Array) {
    if (this.#length + bytes.length > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(this.#buffer.length * 2, this.#length + bytes.length));
      grown.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(text.decode(bytes));
  } catch (cause) {
    throw new FrameError("frame body is not JSON", { cause });
  }
}
