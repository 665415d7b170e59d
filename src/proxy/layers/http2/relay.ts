/**
 * The HTTP/2 relay: one client connection, one upstream connection, streams 1:1; sans-I/O.
 *
 * @module
 */

import { encodeText } from "../bytes.ts";
import { Answers } from "./answers.ts";
import { ClientSide } from "./client_side.ts";
import { ConnectionError, ErrorCode } from "./errors.ts";
import { encodeGoaway, encodeSettings } from "./frame.ts";
import { Openings, type RelayOptions } from "./openings.ts";
import type { RelayOutput, Side } from "./output.ts";
import { RelayState } from "./state.ts";
import { UpstreamSide } from "./upstream_side.ts";

/** Bytes kept because of what the client sent, beyond which nothing more is read from it. */
const MAX_HELD = 1024 * 1024;
/** Frames that wait for the client's window, beyond which nothing more is read from upstream. */
const MAX_WAITING = 1024;

/**
 * Relays HTTP/2 between two byte streams. Every method returns what is to be done now; none throws on
 * what a peer sent. See `mod.ts` for how to drive it.
 */
export class Relay {
  readonly #state = new RelayState();
  readonly #client: ClientSide;
  readonly #upstream: UpstreamSide;
  readonly #openings: Openings;
  #over = false;

  constructor(options: RelayOptions) {
    const answers = new Answers(this.#state);
    this.#openings = new Openings(this.#state, answers, options);
    this.#client = new ClientSide(this.#state, this.#openings, answers);
    this.#upstream = new UpstreamSide(this.#state);
  }

  /**
   * Whether bytes of the client may be read. False: wait until questions have been answered, or the
   * first bytes of upstream have come.
   */
  get wantsClient(): boolean {
    return this.#state.heldBytes + this.#state.earlyBytes < MAX_HELD;
  }

  /** Whether bytes of upstream may be read. False: wait until the client has sent something. */
  get wantsUpstream(): boolean {
    return this.#state.waiting.length < MAX_WAITING;
  }

  /** Whether the connections are over: nothing comes of further calls. */
  get over(): boolean {
    return this.#over;
  }

  /** Number of streams under way: those that were refused are over, although clients may still send. */
  get streams(): number {
    return this.#state.streams.size - this.#state.lingering.size;
  }

  /** Takes bytes of the client, from its preface on. The output may hold views of them. */
  fromClient(bytes: Uint8Array): RelayOutput {
    return this.#run("client", () => this.#client.receive(bytes));
  }

  /** Takes bytes of upstream. The output may hold views of them. */
  fromUpstream(bytes: Uint8Array): RelayOutput {
    return this.#run("upstream", () => this.#upstream.receive(bytes));
  }

  /**
   * Answers a question: the request goes to upstream. Also where the question named a problem, except
   * for CONNECT, which is answered 501. An answer to a stream that is gone does nothing.
   */
  allow(stream: number): RelayOutput {
    return this.#run("client", () => this.#openings.allow(stream));
  }

  /**
   * Answers a question: the client gets a local response, upstream nothing.
   *
   * @param status 400..599
   * @param text a text/plain body
   */
  refuse(stream: number, status: number, text: string): RelayOutput {
    return this.#run("client", () => this.#openings.refuse(stream, status, text));
  }

  /**
   * Ends a stream that was allowed, on both sides: it no longer is. One that is gone, or has not been
   * answered, is left alone.
   */
  cancel(stream: number, message: string): RelayOutput {
    return this.#run("client", () => this.#state.cancel(stream, message));
  }

  /**
   * A connection has ended, or is to end: the other side is told so.
   *
   * @param by whose connection
   */
  lost(by: Side, message: string): RelayOutput {
    return this.#run(by, () => {
      const orderly = by === "client" || this.streams === 0;
      throw new ConnectionError(orderly ? ErrorCode.none : ErrorCode.internal, message);
    });
  }

  #run(by: Side, action: () => void): RelayOutput {
    if (!this.#over) {
      try {
        action();
      } catch (error) {
        this.#over = true;
        if (!(error instanceof ConnectionError)) throw error;
        this.#close(by, error);
      }
    }
    return this.#state.out.take();
  }

  #close(by: Side, error: ConnectionError): void {
    const { out, streams, client, upstream, lastClient } = this.#state;
    const debug = encodeText(error.message);
    // Also a client that never saw upstream's SETTINGS gets a valid beginning and a reason.
    if (!upstream.started) out.client.push(encodeSettings([]));
    const orderly = by === "client" || error.code === ErrorCode.none;
    const toOther = orderly ? ErrorCode.none : ErrorCode.internal;
    out.client.push(encodeGoaway(lastClient, by === "client" ? error.code : toOther, debug));
    // Before the client's SETTINGS, upstream has not heard of this connection at all.
    if (client.started) {
      out.upstream.push(encodeGoaway(0, by === "upstream" ? error.code : toOther, debug));
    }
    for (const stream of streams.values()) {
      if (stream.phase === "cancelled" || this.#state.lingering.has(stream.id)) continue;
      this.#state.ended(stream, { outcome: "lost", by });
    }
    streams.clear();
    this.#state.lingering.clear();
    out.close = { by, code: error.code, message: error.message };
  }
}
