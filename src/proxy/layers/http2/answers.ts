/**
 * Answers that the relay makes itself, on the streams that were refused.
 *
 * @module
 */

import { encodeText } from "../bytes.ts";
import { ErrorCode } from "./errors.ts";
import {
  type DataFrame,
  encodeFrame,
  encodeHeaders,
  encodeRstStream,
  encodeWindowUpdate,
  Flag,
  FrameType,
  MAX_PAYLOAD,
  MAX_WINDOW,
} from "./frame.ts";
import type { RelayState } from "./state.ts";
import type { Stream } from "./stream.ts";

/** How much of an upload may come after its refusal before it is stopped, in bytes. */
const MAX_UNWANTED = 4 * 1024 * 1024;

/** Sends local answers as far as the client's windows let them. */
export class Answers {
  constructor(readonly state: RelayState) {}

  /**
   * Answers a stream from here; what was held of it is dropped.
   *
   * @param status 400..599
   * @param text the body
   */
  refuse(stream: Stream, status: number, text: string): void {
    const { state } = this;
    if (!stream.clientEnd && stream.heldFlow > 0) {
      state.local(encodeWindowUpdate(stream.id, stream.heldFlow));
    }
    stream.unwanted = stream.heldFlow;
    state.discardHeld(stream);
    stream.phase = "refused";
    stream.status = status;
    const body = encodeText(text);
    const block = state.client.encoder.encode([
      [":status", String(status)],
      ["content-type", "text/plain; charset=utf-8"],
      ["content-length", String(body.length)],
      ["cache-control", "no-store"],
    ].map(([name = "", value = ""]) => ({ name, value, sensitive: false })));
    const empty = body.length === 0 || stream.request.method === "HEAD";
    state.local(encodeHeaders(stream.id, block, empty));
    if (empty) return this.#done(stream);
    this.#send(stream, body);
  }

  /** A window was opened: goes on with what waits for it. */
  flush(): void {
    for (const stream of this.state.streams.values()) {
      if (stream.body) this.#send(stream, stream.body);
    }
  }

  /**
   * The client's SETTINGS_INITIAL_WINDOW_SIZE, 0..2^31-1, which changes the windows of all streams
   * (RFC 9113 section 6.9.2).
   */
  setInitialWindow(size: number): void {
    const { state } = this;
    for (const stream of state.streams.values()) stream.window += size - state.initialWindow;
    state.initialWindow = size;
    this.flush();
  }

  #send(stream: Stream, body: Uint8Array): void {
    const { state } = this;
    if (stream.window > MAX_WINDOW) {
      state.fail(stream, "client", ErrorCode.flowControl, "a window that is too large");
      return;
    }
    // DATA of upstream that waits for the same window goes first.
    while (body.length > 0 && state.waiting.length === 0) {
      const count = Math.min(body.length, stream.window, state.window.open, MAX_PAYLOAD);
      if (count <= 0) break;
      const flags = count === body.length ? Flag.endStream : 0;
      state.local(encodeFrame(FrameType.data, flags, stream.id, body.subarray(0, count)));
      state.window.borrow(count);
      stream.window -= count;
      stream.bytesDown += count;
      body = body.subarray(count);
    }
    stream.body = body;
    if (body.length === 0) this.#done(stream);
  }

  /**
   * DATA of a request that is answered from here: dropped. Clients that are reset while they send often
   * show no answer (curl, httpx), so their upload may end by itself if it is not too long.
   */
  drop(stream: Stream, { flow, endStream }: DataFrame): void {
    const { state } = this;
    state.returnToClient(flow);
    stream.unwanted += flow;
    if (endStream) return;
    if (stream.unwanted <= MAX_UNWANTED) {
      if (flow > 0) state.local(encodeWindowUpdate(stream.id, flow));
    } else if (stream.upstreamEnd) {
      // The answer is whole: the rest of the request is not wanted (RFC 9113 section 8.1).
      state.local(encodeRstStream(stream.id, ErrorCode.none));
      state.gone.add(stream.id);
      stream.clientEnd = true;
      state.finish(stream);
    }
  }

  #done(stream: Stream): void {
    stream.upstreamEnd = true;
    if (stream.clientEnd) this.state.finish(stream);
    else this.state.linger(stream);
  }
}
