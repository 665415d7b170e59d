/**
 * What both sides of the relay share.
 *
 * @module
 */

import { ClientWindow } from "./client_window.ts";
import { ConnectionError, ErrorCode } from "./errors.ts";
import { DEFAULT_WINDOW, encodeRstStream, encodeWindowUpdate } from "./frame.ts";
import { Output, type Side, type StreamEnd } from "./output.ts";
import { Peer } from "./peer.ts";
import { MAX_REQUEST_LIST, MAX_RESPONSE_LIST, MAX_STREAMS } from "./settings.ts";
import { RecentIds, type Stream } from "./stream.ts";

/** Streams that may end badly before they were answered, on balance against those that end well. */
const MAX_BAD_ENDS = 1000;

/** Frames for the client that wait for its connection window, or for those before them. */
interface Waiting {
  /** The stream that it is of no use without; 0: none. */
  stream: number;
  flow: number;
  send: () => void;
}

/** State of one relay, and the moves that both sides make. */
export class RelayState {
  readonly out = new Output();
  readonly client = new Peer({ list: MAX_REQUEST_LIST, huffman: false });
  readonly upstream = new Peer({ list: MAX_RESPONSE_LIST, huffman: true });
  readonly streams = new Map<number, Stream>();
  /** Streams that upstream does not know yet, in the order of their ids. */
  readonly order: Stream[] = [];
  /** Those that were answered from here in full, and whose clients still send. */
  readonly lingering = new Set<number>();
  /** In flight on these may be twice what a client can have open. */
  readonly gone = new RecentIds(MAX_STREAMS * 4);
  readonly window = new ClientWindow();
  /** The client's SETTINGS_INITIAL_WINDOW_SIZE. */
  initialWindow = DEFAULT_WINDOW;
  /** Highest ids that the client opened and that upstream knows. */
  lastClient = 0;
  lastForwarded = 0;
  /** Bytes kept for streams that are not open upstream. */
  heldBytes = 0;
  readonly waiting: Waiting[] = [];
  /** Bytes for the client that wait for upstream's SETTINGS. */
  earlyBytes = 0;
  #early: Uint8Array[] = [];
  #badEnds = 0;

  /**
   * Sends a frame of the relay's own to the client. Nothing may come before upstream's SETTINGS, which
   * are the client's first frame too (RFC 9113 section 3.4).
   */
  local(bytes: Uint8Array): void {
    if (this.upstream.started) {
      this.out.client.push(bytes);
      return;
    }
    this.#early.push(bytes);
    this.earlyBytes += bytes.length;
  }

  /** Upstream's SETTINGS are out: what waited for them may follow. */
  releaseEarly(): void {
    this.out.client.push(...this.#early);
    this.#early = [];
    this.earlyBytes = 0;
  }

  /** Whether a frame for the client must wait. */
  mustWait(flow: number): boolean {
    return this.waiting.length > 0 || flow > this.window.open;
  }

  /** Sends what the client's connection window lets through. */
  releaseWaiting(): void {
    while (this.waiting.length > 0 && this.waiting[0]!.flow <= this.window.open) {
      const { flow, send } = this.waiting.shift()!;
      this.window.spend(flow);
      send();
    }
  }

  /**
   * Sends to the client now, or after what waits. `send` must not use views of the input.
   *
   * @param stream is not sent any more if this stream is reset before; 0: is sent in any case
   */
  inOrder(stream: number, send: () => void): void {
    if (this.mustWait(0)) this.waiting.push({ stream, flow: 0, send });
    else send();
  }

  /** The client's DATA will not reach upstream: its window is given back from here. */
  returnToClient(flow: number): void {
    if (flow > 0) this.local(encodeWindowUpdate(0, flow));
  }

  /** Upstream's DATA will not reach the client: its window is given back from here. */
  returnToUpstream(flow: number): void {
    if (flow === 0) return;
    this.window.returned(flow);
    this.out.upstream.push(encodeWindowUpdate(0, flow));
  }

  /** Ends a stream that both sides are done with. */
  finish(stream: Stream): void {
    if (!stream.clientEnd || !stream.upstreamEnd) return;
    this.streams.delete(stream.id);
    if (!this.lingering.delete(stream.id)) this.#endedWell(stream);
  }

  /** Ends a stream as far as anybody cares, although its client still sends what is dropped. */
  linger(stream: Stream): void {
    this.lingering.add(stream.id);
    this.#endedWell(stream);
  }

  #endedWell(stream: Stream): void {
    if (stream.malformed !== undefined) {
      return this.ended(stream, { outcome: "malformed", by: "client", message: stream.malformed });
    }
    this.#badEnds = Math.max(0, this.#badEnds - 1);
    this.ended(stream, { outcome: stream.phase === "refused" ? "refused" : "complete" });
  }

  /** Forgets a stream that was reset; frames that are still under way on it are dropped. */
  drop(stream: Stream, end: Omit<StreamEnd, "stream" | "bytesUp" | "bytesDown">): void {
    this.gone.add(stream.id);
    this.discardHeld(stream);
    this.#discardWaiting(stream.id);
    // One that is still judged keeps its place: that is what bounds the questions under way.
    if (stream.phase === "judging") stream.phase = "cancelled";
    else this.streams.delete(stream.id);
    if (!this.lingering.delete(stream.id)) this.ended(stream, end);
  }

  /**
   * Resets a stream on both sides because of what one of them sent.
   *
   * @throws {ConnectionError} if the client does so again and again
   */
  fail(stream: Stream, by: Side, code: ErrorCode, message: string): void {
    if (by === "client") this.countBadEnd();
    if (stream.phase === "open") {
      this.out.upstream.push(
        encodeRstStream(stream.id, by === "upstream" ? code : ErrorCode.cancel),
      );
    }
    this.local(encodeRstStream(stream.id, code));
    this.drop(stream, { outcome: "malformed", by, code, message });
  }

  /** Resets a stream that was allowed on both sides, because the owner of the relay wants it to end. */
  cancel(id: number, message: string): void {
    const stream = this.streams.get(id);
    if (stream?.phase !== "open" && stream?.phase !== "allowed") return;
    if (stream.phase === "open") this.out.upstream.push(encodeRstStream(id, ErrorCode.cancel));
    this.local(encodeRstStream(id, ErrorCode.cancel));
    this.drop(stream, { outcome: "cancelled", message });
  }

  /**
   * Counts a stream that the client let end badly.
   *
   * @throws {ConnectionError} on a flood of them (rapid reset)
   */
  countBadEnd(): void {
    if (++this.#badEnds > MAX_BAD_ENDS) {
      throw new ConnectionError(ErrorCode.enhanceYourCalm, "a flood of requests that are reset");
    }
  }

  /** Drops what is held of a stream. */
  discardHeld(stream: Stream): void {
    this.returnToClient(stream.heldFlow);
    this.clearHeld(stream);
  }

  /** After its RST_STREAM nothing may follow on a stream (RFC 9113 section 6.4). */
  #discardWaiting(id: number): void {
    let flow = 0;
    for (let at = this.waiting.length - 1; at >= 0; at--) {
      if (this.waiting[at]!.stream === id) flow += this.waiting.splice(at, 1)[0]!.flow;
    }
    this.returnToUpstream(flow);
    this.releaseWaiting();
  }

  /** Forgets what was held of a stream. */
  clearHeld(stream: Stream): void {
    for (const item of stream.held) this.heldBytes -= heldSize(item);
    stream.held = [];
    stream.heldFlow = 0;
  }

  /** Keeps something for later. */
  hold(stream: Stream, item: Stream["held"][number], flow: number): void {
    stream.held.push(item);
    stream.heldFlow += flow;
    this.heldBytes += heldSize(item);
  }

  /** Reports the end of a stream. */
  ended(stream: Stream, end: Omit<StreamEnd, "stream" | "bytesUp" | "bytesDown">): void {
    const { id, bytesUp, bytesDown, status } = stream;
    this.out.ended.push({
      stream: id,
      ...end,
      ...(status === undefined ? {} : { status }),
      bytesUp,
      bytesDown,
    });
  }
}

function heldSize(item: Stream["held"][number]): number {
  return "bytes" in item ? item.bytes.length : 64 * item.trailers.length;
}
