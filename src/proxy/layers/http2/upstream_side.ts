/**
 * What comes from upstream.
 *
 * @module
 */

import { ErrorCode, type StreamError } from "./errors.ts";
import { checkTrailers, readStatus } from "./fields.ts";
import {
  type DataFrame,
  encodeGoaway,
  encodeHeaders,
  encodePing,
  encodeRstStream,
  encodeSettings,
  encodeSettingsAck,
  encodeWindowUpdate,
  Setting,
} from "./frame.ts";
import { afterEnd, type FrameOf, FrameTaker } from "./frame_taker.ts";
import type { HeaderBlock } from "./header_blocks.ts";
import type { Field } from "./hpack/static_table.ts";
import { settingsForClient, settingValue } from "./settings.ts";
import type { RelayState } from "./state.ts";
import type { Stream } from "./stream.ts";

/** Handles upstream's frames. */
export class UpstreamSide extends FrameTaker {
  constructor(state: RelayState) {
    super(state, state.upstream, "upstream");
  }

  /**
   * Takes bytes of upstream.
   *
   * @throws {ConnectionError} if they end the connection
   */
  receive(bytes: Uint8Array): void {
    this.read(bytes);
  }

  protected override goaway(frame: FrameOf<"goaway">): void {
    this.state.out.client.push(encodeGoaway(frame.lastStream, frame.code, frame.debug));
  }

  protected override fail({ stream, code, message }: StreamError): void {
    this.#fail(this.#find(stream), code, message);
  }

  protected override headers(block: HeaderBlock): void {
    const { fields, tooLarge } = this.state.upstream.decode(block.block);
    const stream = this.#find(block.stream);
    if (!stream) return this.needGone(block.stream);
    if (stream.upstreamEnd) throw afterEnd("HEADERS");
    if (tooLarge) {
      return this.#fail(stream, ErrorCode.internal, "a header list that is too large");
    }
    const message = this.#check(stream, fields, block.endStream);
    if (message !== undefined) return this.#fail(stream, ErrorCode.protocol, message);
    this.state.inOrder(stream.id, () => {
      const encoded = this.state.client.encoder.encode(fields);
      this.state.out.client.push(encodeHeaders(stream.id, encoded, block.endStream));
    });
    if (block.endStream) this.#end(stream);
  }

  /** Checks a response head or trailers, and takes the status; returns what is wrong. */
  #check(stream: Stream, fields: Field[], endStream: boolean): string | undefined {
    if (stream.status !== undefined) {
      return checkTrailers(fields)?.message ??
        (endStream ? undefined : "HEADERS inside a body");
    }
    const status = readStatus(fields);
    if (status instanceof Error) return status.message;
    if (status >= 200) stream.status = status;
    else if (endStream) return "an interim response that ends the stream";
    return undefined;
  }

  protected override data(frame: DataFrame): void {
    const { state } = this;
    state.window.received(frame.flow);
    const stream = this.#find(frame.stream);
    if (!stream) {
      this.needGone(frame.stream);
      return state.returnToUpstream(frame.flow);
    }
    if (stream.upstreamEnd) throw afterEnd("DATA");
    if (stream.status === undefined) {
      state.returnToUpstream(frame.flow);
      return this.#fail(stream, ErrorCode.protocol, "DATA before a response");
    }
    stream.bytesDown += frame.size;
    if (state.mustWait(frame.flow)) {
      const copy = frame.raw.slice();
      const send = () => state.out.client.push(copy);
      state.waiting.push({ stream: stream.id, flow: frame.flow, send });
    } else {
      state.window.spend(frame.flow);
      state.out.client.push(frame.raw);
    }
    if (frame.endStream) this.#end(stream);
  }

  #end(stream: Stream): void {
    stream.upstreamEnd = true;
    this.state.finish(stream);
  }

  protected override reset(id: number, code: number): void {
    const stream = this.#find(id);
    if (!stream) return;
    this.state.inOrder(0, () => this.state.out.client.push(encodeRstStream(id, code)));
    if (!stream.upstreamEnd) {
      return this.state.drop(stream, { outcome: "reset", by: "upstream", code });
    }
    // It has answered in full and only stops the upload.
    this.state.gone.add(id);
    stream.clientEnd = true;
    this.state.finish(stream);
  }

  protected override windowUpdate(id: number, increment: number): void {
    if (id !== 0 && !this.#find(id)) return;
    this.state.local(encodeWindowUpdate(id, increment));
  }

  protected override settings(frame: FrameOf<"settings">): void {
    const { client, upstream, out } = this.state;
    const first = !upstream.started;
    const entries = settingsForClient(frame.entries, first);
    upstream.started = true;
    client.settingsSent(settingValue(entries, Setting.headerTableSize));
    out.client.push(encodeSettings(entries));
    if (first) this.state.releaseEarly();
  }

  protected override settingsAck(): void {
    const { client, upstream, out } = this.state;
    const table = upstream.settingsAcknowledged();
    this.state.inOrder(0, () => {
      if (table) client.encoder.announceTableSize();
      out.client.push(encodeSettingsAck());
    });
  }

  protected override ping(frame: FrameOf<"ping">): void {
    const { client, upstream, out } = this.state;
    if (!frame.ack) client.pingSent();
    else if (!upstream.pingAnswered()) return;
    out.client.push(encodePing(frame.ack, frame.data));
  }

  #fail(stream: Stream | undefined, code: ErrorCode, message: string): void {
    if (stream) this.state.fail(stream, "upstream", code, message);
  }

  /** A stream that upstream has; undefined if it is gone. */
  #find(id: number): Stream | undefined {
    this.needOpened(id, this.state.lastForwarded);
    const stream = this.state.streams.get(id);
    return stream?.phase === "open" ? stream : undefined;
  }
}
