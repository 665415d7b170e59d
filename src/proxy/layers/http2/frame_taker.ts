/**
 * What holds for the frames of both peers: their order, and which stream they are about.
 *
 * @module
 */

import { ConnectionError, ErrorCode, StreamError } from "./errors.ts";
import type { DataFrame, Frame } from "./frame.ts";
import type { HeaderBlock } from "./header_blocks.ts";
import type { Side } from "./output.ts";
import type { Peer } from "./peer.ts";
import type { RelayState } from "./state.ts";

/** A frame of one type. */
export type FrameOf<T extends Frame["type"]> = Extract<Frame, { type: T }>;

/** DATA frames without content that one may send beyond those with some, before it is a flood. */
const MAX_EMPTY = 256;

/** Takes the frames of one peer apart by type. Every method throws what ends the connection. */
export abstract class FrameTaker {
  /** DATA frames without content or end, on balance against those that have some. */
  #empty = 0;

  /**
   * @param peer whose frames these are
   * @param side what it is
   */
  constructor(readonly state: RelayState, readonly peer: Peer, readonly side: Side) {}

  protected abstract headers(block: HeaderBlock): void;
  protected abstract data(frame: DataFrame): void;
  protected abstract reset(id: number, code: number): void;
  protected abstract windowUpdate(id: number, increment: number): void;
  protected abstract settings(frame: FrameOf<"settings">): void;
  protected abstract settingsAck(): void;
  protected abstract ping(frame: FrameOf<"ping">): void;
  protected abstract goaway(frame: FrameOf<"goaway">): void;
  /** A frame that ends its stream, by an id that the peer may use. */
  protected abstract fail(error: StreamError): void;

  /**
   * Takes bytes that begin where the ones before ended.
   *
   * @throws {ConnectionError} if they end the connection
   */
  protected read(bytes: Uint8Array): void {
    const { reader } = this.peer;
    reader.push(bytes);
    for (let frame = reader.next(); frame; frame = reader.next()) {
      if (frame instanceof ConnectionError) throw frame;
      this.#take(frame);
    }
  }

  #take(frame: Frame | StreamError): void {
    const { blocks } = this.peer;
    if (frame instanceof StreamError) {
      blocks.expectNone();
      return this.fail(frame);
    }
    this.#needSettings(frame);
    if (frame.type === "headers" || frame.type === "continuation") {
      const block = blocks.add(frame);
      if (block) this.headers(block);
      return;
    }
    blocks.expectNone();
    switch (frame.type) {
      case "data":
        this.#countEmpty(frame);
        return this.data(frame);
      case "rst_stream":
        return this.reset(frame.stream, frame.code);
      case "window_update":
        return this.windowUpdate(frame.stream, frame.increment);
      case "settings":
        return frame.ack ? this.settingsAck() : this.settings(frame);
      case "ping":
        return this.ping(frame);
      case "goaway":
        return this.goaway(frame);
      case "push_promise":
        // Clients have none to make, and upstream was told to make none.
        throw new ConnectionError(ErrorCode.protocol, `PUSH_PROMISE from the ${this.side}`);
      case "priority":
      case "unknown":
        // Hints and extensions hold hop by hop, and this hop has none (RFC 9113 sections 5.3 and 5.5);
        // ALTSVC and ORIGIN too: the client is to stay on this connection, for this host.
        return;
    }
  }

  #needSettings(frame: Frame): void {
    if (this.peer.started) return;
    if (frame.type !== "settings" || frame.ack) {
      throw new ConnectionError(
        ErrorCode.protocol,
        `the first frame of the ${this.side} is not SETTINGS`,
      );
    }
  }

  /** They cost no window, so nothing else bounds them (RFC 9113 section 10.5). */
  #countEmpty({ flow, endStream }: DataFrame): void {
    if (flow > 0 || endStream) {
      this.#empty = Math.max(0, this.#empty - 1);
    } else if (++this.#empty > MAX_EMPTY) {
      throw new ConnectionError(ErrorCode.enhanceYourCalm, "a flood of empty DATA frames");
    }
  }

  /**
   * Checks that a stream may have frames at all.
   *
   * @param last highest id that has been opened
   */
  protected needOpened(id: number, last: number): void {
    if (id > last || id % 2 === 0) {
      throw new ConnectionError(ErrorCode.protocol, `a frame on stream ${id}, which is idle`);
    }
  }

  /** Late frames are to be expected on a stream that was reset, on no other. */
  protected needGone(id: number): void {
    if (!this.state.gone.has(id)) throw afterEnd(`a frame on stream ${id}`);
  }
}

/** What came when its stream had ended. */
export function afterEnd(what: string): ConnectionError {
  return new ConnectionError(ErrorCode.streamClosed, `${what} after the end of its stream`);
}
