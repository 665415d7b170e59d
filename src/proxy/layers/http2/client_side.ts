/**
 * What comes from the client.
 *
 * @module
 */

import { fromLatin1 } from "../bytes.ts";
import type { Answers } from "./answers.ts";
import { ConnectionError, ErrorCode, type StreamError } from "./errors.ts";
import { mayTrail } from "../trailers.ts";
import { checkTrailers } from "./fields.ts";
import {
  type DataFrame,
  encodeGoaway,
  encodeHeaders,
  encodePing,
  encodeRstStream,
  encodeSettings,
  encodeSettingsAck,
  encodeWindowUpdate,
  PREFACE,
  Setting,
} from "./frame.ts";
import { type FrameOf, FrameTaker } from "./frame_taker.ts";
import type { HeaderBlock } from "./header_blocks.ts";
import type { Openings } from "./openings.ts";
import { settingsForUpstream, settingValue } from "./settings.ts";
import type { RelayState } from "./state.ts";
import type { Stream } from "./stream.ts";

const PREFACE_BYTES = fromLatin1(PREFACE);

/** Handles the client's frames. */
export class ClientSide extends FrameTaker {
  #preface = 0;

  constructor(state: RelayState, readonly openings: Openings, readonly answers: Answers) {
    super(state, state.client, "client");
  }

  /**
   * Takes bytes of the client.
   *
   * @throws {ConnectionError} if they end the connection
   */
  receive(bytes: Uint8Array): void {
    this.read(this.#afterPreface(bytes));
  }

  #afterPreface(bytes: Uint8Array): Uint8Array {
    if (this.#preface === PREFACE_BYTES.length) return bytes;
    let at = 0;
    while (this.#preface < PREFACE_BYTES.length && at < bytes.length) {
      if (bytes[at++] !== PREFACE_BYTES[this.#preface++]) {
        throw new ConnectionError(ErrorCode.protocol, "the client does not begin as HTTP/2");
      }
    }
    if (this.#preface === PREFACE_BYTES.length) this.state.out.upstream.push(PREFACE_BYTES);
    return bytes.subarray(at);
  }

  protected override goaway(frame: FrameOf<"goaway">): void {
    this.state.out.upstream.push(encodeGoaway(0, frame.code, frame.debug));
  }

  protected override fail(error: StreamError): void {
    const stream = this.#find(error.stream);
    if (stream) this.state.fail(stream, "client", error.code, error.message);
  }

  protected override headers(block: HeaderBlock): void {
    const decoded = this.state.client.decode(block.block);
    const { fields, tooLarge } = decoded;
    if (block.stream > this.state.lastClient) return this.openings.open(block, decoded);
    const stream = this.#find(block.stream);
    if (!stream) return this.needGone(block.stream);
    if (stream.clientEnd) {
      return this.state.fail(stream, "client", ErrorCode.streamClosed, "HEADERS after the end");
    }
    const error = tooLarge ? new Error("trailers that are too large") : checkTrailers(fields);
    if (error || !block.endStream) {
      const message = error?.message ?? "HEADERS inside a body";
      return this.state.fail(stream, "client", ErrorCode.protocol, message);
    }
    if (!this.#mayEnd(stream)) return;
    const { encoder } = this.state.upstream;
    const trailers = fields.filter(({ name }) => mayTrail(name));
    if (stream.phase === "open") {
      this.state.out.upstream.push(encodeHeaders(stream.id, encoder.encode(trailers), true));
    } else if (stream.phase !== "refused") {
      this.state.hold(stream, { trailers }, 0);
    }
    this.#end(stream);
  }

  protected override data(frame: DataFrame): void {
    const stream = this.#find(frame.stream);
    if (!stream) {
      this.needGone(frame.stream);
      return this.state.returnToClient(frame.flow);
    }
    stream.bytesUp += frame.size;
    const length = stream.request.contentLength;
    if (stream.clientEnd || (length !== undefined && stream.bytesUp > length)) {
      this.state.returnToClient(frame.flow);
      const code = stream.clientEnd ? ErrorCode.streamClosed : ErrorCode.protocol;
      return this.state.fail(stream, "client", code, "DATA after the end of the body");
    }
    if (frame.endStream && !this.#mayEnd(stream)) return this.state.returnToClient(frame.flow);
    if (stream.phase === "open") this.state.out.upstream.push(frame.raw);
    else if (stream.phase === "refused") this.answers.drop(stream, frame);
    else this.state.hold(stream, { bytes: frame.raw.slice() }, frame.flow);
    if (frame.endStream) this.#end(stream);
  }

  /** A body must be as long as Content-Length says (RFC 9113 section 8.1.1). */
  #mayEnd(stream: Stream): boolean {
    const { contentLength } = stream.request;
    if (contentLength === undefined || contentLength === stream.bytesUp) return true;
    const message = "a body shorter than its content-length";
    this.state.fail(stream, "client", ErrorCode.protocol, message);
    return false;
  }

  #end(stream: Stream): void {
    stream.clientEnd = true;
    this.state.finish(stream);
  }

  protected override reset(id: number, code: number): void {
    const stream = this.#find(id);
    if (!stream) return;
    if (stream.status === undefined) this.state.countBadEnd();
    if (stream.phase === "open") this.state.out.upstream.push(encodeRstStream(id, code));
    this.state.drop(stream, { outcome: "reset", by: "client", code });
  }

  protected override windowUpdate(id: number, increment: number): void {
    const { state } = this;
    if (id === 0) {
      const relayed = state.window.update(increment);
      if (relayed > 0) state.out.upstream.push(encodeWindowUpdate(0, relayed));
      state.releaseWaiting();
      return this.answers.flush();
    }
    const stream = this.#find(id);
    if (!stream) return;
    if (stream.phase === "open") {
      state.out.upstream.push(encodeWindowUpdate(id, increment));
      return;
    }
    stream.window += increment;
    if (stream.phase === "refused") this.answers.flush();
    else state.hold(stream, { bytes: encodeWindowUpdate(id, increment) }, 0);
  }

  protected override settings(frame: FrameOf<"settings">): void {
    const { client, upstream, out } = this.state;
    const entries = settingsForUpstream(frame.entries, !client.started);
    client.started = true;
    upstream.settingsSent(settingValue(entries, Setting.headerTableSize));
    out.upstream.push(encodeSettings(entries));
    const window = settingValue(entries, Setting.initialWindowSize);
    if (window !== undefined) this.answers.setInitialWindow(window);
  }

  protected override settingsAck(): void {
    const { client, upstream, out } = this.state;
    // Upstream's table was changed by it: what is encoded for upstream must say so.
    if (client.settingsAcknowledged()) upstream.encoder.announceTableSize();
    out.upstream.push(encodeSettingsAck());
  }

  protected override ping(frame: FrameOf<"ping">): void {
    const { client, upstream, out } = this.state;
    if (!frame.ack) upstream.pingSent();
    else if (!client.pingAnswered()) return;
    out.upstream.push(encodePing(frame.ack, frame.data));
  }

  /** A stream that is under way; undefined if it is gone. */
  #find(id: number): Stream | undefined {
    this.needOpened(id, this.state.lastClient);
    const stream = this.state.streams.get(id);
    return stream?.phase === "cancelled" ? undefined : stream;
  }
}
