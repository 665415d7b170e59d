/**
 * What comes from upstream.
 *
 * @module
 */

import { ConnectionError, ErrorCode, StreamError } from "./errors.ts";
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
  type Frame,
  Setting,
} from "./frame.ts";
import type { HeaderBlock } from "./header_blocks.ts";
import type { Field } from "./hpack/static_table.ts";
import { settingsForClient, settingValue } from "./settings.ts";
import type { RelayState } from "./state.ts";
import type { Stream } from "./stream.ts";

/** Handles upstream's frames. */
export class UpstreamSide {
  constructor(readonly state: RelayState) {}

  /**
   * Takes bytes of upstream.
   *
   * @throws {ConnectionError} if they end the connection
   */
  receive(bytes: Uint8Array): void {
    const { reader } = this.state.upstream;
    reader.push(bytes);
    for (let frame = reader.next(); frame; frame = reader.next()) {
      if (frame instanceof ConnectionError) throw frame;
      this.#take(frame);
    }
  }

  #take(frame: Frame | StreamError): void {
    const { blocks } = this.state.upstream;
    if (frame instanceof StreamError) {
      blocks.expectNone();
      return this.#fail(this.#find(frame.stream), frame.code, frame.message);
    }
    this.#needSettings(frame);
    if (frame.type === "headers" || frame.type === "continuation") {
      const block = blocks.add(frame);
      if (block) this.#headers(block);
      return;
    }
    blocks.expectNone();
    switch (frame.type) {
      case "data":
        return this.#data(frame);
      case "rst_stream":
        return this.#reset(frame.stream, frame.code);
      case "window_update":
        return this.#windowUpdate(frame.stream, frame.increment);
      case "settings":
        return frame.ack ? this.#settingsAck() : this.#settings(frame);
      case "ping":
        return this.#ping(frame);
      case "goaway":
        this.state.out.client.push(encodeGoaway(frame.lastStream, frame.code, frame.debug));
        return;
      case "push_promise":
        throw new ConnectionError(ErrorCode.protocol, "PUSH_PROMISE, which was switched off");
      case "priority":
      case "unknown":
        // ALTSVC and ORIGIN too: the client is to stay on this connection, for this host.
        return;
    }
  }

  #needSettings(frame: Frame): void {
    if (this.state.upstream.started) return;
    if (frame.type !== "settings" || frame.ack) {
      throw new ConnectionError(ErrorCode.protocol, "upstream's first frame is not SETTINGS");
    }
  }

  #headers(block: HeaderBlock): void {
    const fields = this.state.upstream.decode(block.block);
    const stream = this.#find(block.stream);
    if (!stream) return this.#needGone(block.stream);
    if (stream.upstreamEnd) throw afterEnd("HEADERS");
    if (!fields) {
      return this.#fail(stream, ErrorCode.internal, "a header list that is too large");
    }
    const message = this.#check(stream, fields, block.endStream);
    if (message !== undefined) return this.#fail(stream, ErrorCode.protocol, message);
    this.state.inOrder(() => {
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

  #data(frame: DataFrame): void {
    const { state } = this;
    state.window.received(frame.flow);
    const stream = this.#find(frame.stream);
    if (!stream) {
      this.#needGone(frame.stream);
      return this.#return(frame.flow);
    }
    if (stream.upstreamEnd) throw afterEnd("DATA");
    if (stream.status === undefined) {
      this.#return(frame.flow);
      return this.#fail(stream, ErrorCode.protocol, "DATA before a response");
    }
    stream.bytesDown += frame.size;
    if (state.mustWait(frame.flow)) {
      const copy = frame.raw.slice();
      state.waiting.push({ flow: frame.flow, send: () => state.out.client.push(copy) });
    } else {
      state.window.spend(frame.flow);
      state.out.client.push(frame.raw);
    }
    if (frame.endStream) this.#end(stream);
  }

  #return(flow: number): void {
    if (flow === 0) return;
    this.state.window.returned(flow);
    this.state.out.upstream.push(encodeWindowUpdate(0, flow));
  }

  #end(stream: Stream): void {
    stream.upstreamEnd = true;
    this.state.finish(stream);
  }

  #reset(id: number, code: number): void {
    const stream = this.#find(id);
    if (!stream) return;
    this.state.inOrder(() => this.state.out.client.push(encodeRstStream(id, code)));
    if (!stream.upstreamEnd) {
      return this.state.drop(stream, { outcome: "reset", by: "upstream", code });
    }
    // It has answered in full and only stops the upload.
    this.state.gone.add(id);
    stream.clientEnd = true;
    this.state.finish(stream);
  }

  #windowUpdate(id: number, increment: number): void {
    if (id !== 0 && !this.#find(id)) return;
    this.state.local(encodeWindowUpdate(id, increment));
  }

  #settings(frame: Extract<Frame, { type: "settings" }>): void {
    const { client, upstream, out } = this.state;
    const first = !upstream.started;
    const entries = settingsForClient(frame.entries, first);
    upstream.started = true;
    client.settingsSent(settingValue(entries, Setting.headerTableSize));
    out.client.push(encodeSettings(entries));
    if (first) this.state.releaseEarly();
  }

  #settingsAck(): void {
    const { client, upstream, out } = this.state;
    const table = upstream.settingsAcknowledged();
    this.state.inOrder(() => {
      if (table) client.encoder.announceTableSize();
      out.client.push(encodeSettingsAck());
    });
  }

  #ping(frame: Extract<Frame, { type: "ping" }>): void {
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
    if (id > this.state.lastForwarded || id % 2 === 0) {
      throw new ConnectionError(ErrorCode.protocol, `a frame on stream ${id}, which is idle`);
    }
    const stream = this.state.streams.get(id);
    return stream?.phase === "open" ? stream : undefined;
  }

  /** Late frames are to be expected on a stream that was reset, on no other. */
  #needGone(id: number): void {
    if (this.state.gone.has(id)) return;
    throw afterEnd(`a frame on stream ${id}`);
  }
}

function afterEnd(what: string): ConnectionError {
  return new ConnectionError(ErrorCode.streamClosed, `${what} after the end of its stream`);
}
