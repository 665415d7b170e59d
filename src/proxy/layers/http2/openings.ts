/**
 * How requests are judged and come to upstream.
 *
 * @module
 */

import type { Answers } from "./answers.ts";
import { ConnectionError, ErrorCode } from "./errors.ts";
import { encodeHeaders, encodeRstStream } from "./frame.ts";
import type { HeaderBlock } from "./header_blocks.ts";
import type { DecodedBlock } from "./hpack/decoder.ts";
import type { Field } from "./hpack/static_table.ts";
import type { Question } from "./output.ts";
import { forwardedFields, readRequest, type Request, unreadable } from "./request.ts";
import { MAX_STREAMS } from "./settings.ts";
import type { RelayState } from "./state.ts";
import type { Stream } from "./stream.ts";

/** What every request of the connection must be for. */
export interface RelayOptions {
  scheme: "http" | "https";
  /** The name of the connection, lower case, without a trailing dot. Absent: not checked here. */
  host?: string;
  /** The port of the connection, 1..65535. */
  port: number;
}

/** Opens streams, once they have been judged, in the order of their ids. */
export class Openings {
  constructor(
    readonly state: RelayState,
    readonly answers: Answers,
    readonly options: RelayOptions,
  ) {}

  /**
   * A client's HEADERS on a new stream.
   *
   * @throws {ConnectionError} if a client may not open that stream
   */
  open(block: HeaderBlock, { fields, tooLarge }: DecodedBlock): void {
    const { state } = this;
    const id = block.stream;
    if (id % 2 === 0) {
      throw new ConnectionError(ErrorCode.protocol, `a client may not open stream ${id}`);
    }
    state.lastClient = id;
    if (state.streams.size >= MAX_STREAMS) {
      return this.#reject(id, ErrorCode.refusedStream, "more streams than allowed");
    }
    if (tooLarge) return this.#tooLarge(block, fields);
    const request = readRequest(fields, this.options.scheme);
    if (request instanceof Error) return this.#reject(id, ErrorCode.protocol, request.message);
    if (block.endStream && (request.contentLength ?? 0) > 0) {
      return this.#reject(id, ErrorCode.protocol, "a content-length without a body");
    }
    this.#ask(newStream(id, request, block.endStream, state.initialWindow));
  }

  /** A stream was allowed. CONNECT is not relayed, whatever the answer. */
  allow(id: number): void {
    const stream = this.#answered(id);
    if (!stream) return;
    if (stream.request.connect) {
      this.answers.refuse(stream, 501, "CONNECT is not relayed.\n");
    } else stream.phase = "allowed";
    this.#forward();
  }

  /** A stream was refused. */
  refuse(id: number, status: number, text: string): void {
    const stream = this.#answered(id);
    if (!stream) return;
    this.answers.refuse(stream, status, text);
    this.#forward();
  }

  #ask(stream: Stream): void {
    const { id, request } = stream;
    this.state.streams.set(id, stream);
    this.state.order.push(stream);
    const problem = this.#problem(request);
    this.state.out.questions.push({
      ...request,
      stream: id,
      hasBody: !stream.bodiless,
      ...(problem ? { problem } : {}),
    });
  }

  #problem(request: Request): Question["problem"] {
    if (request.connect) return { reason: "method", status: 501 };
    const { host, port } = this.options;
    const other = (host !== undefined && request.host !== host) || (request.port ?? port) !== port;
    return other ? { reason: "host_mismatch", status: 421 } : undefined;
  }

  /** RFC 6585 section 5, as in HTTP/1.1: a reset would not say what is wrong. */
  #tooLarge(block: HeaderBlock, beginning: Field[]): void {
    const { state, answers } = this;
    state.countBadEnd();
    const stream = newStream(
      block.stream,
      unreadable(beginning),
      block.endStream,
      state.initialWindow,
    );
    stream.malformed = "a header list that is too large";
    state.streams.set(stream.id, stream);
    answers.refuse(stream, 431, `Blocked by egress: ${stream.malformed}.\n`);
  }

  #reject(id: number, code: ErrorCode, message: string): void {
    const { state } = this;
    state.gone.add(id);
    state.countBadEnd();
    state.local(encodeRstStream(id, code));
    state.out.ended.push({
      stream: id,
      outcome: "malformed",
      by: "client",
      code,
      message,
      bytesUp: 0,
      bytesDown: 0,
    });
  }

  /** The stream of an answer, unless the client has reset it. */
  #answered(id: number): Stream | undefined {
    const stream = this.state.streams.get(id);
    if (stream?.phase === "judging") return stream;
    if (stream?.phase === "cancelled") {
      this.state.streams.delete(id);
      this.#forward();
    }
    return undefined;
  }

  /** Ids must reach upstream in order (RFC 9113 section 5.1.1), so the oldest undecided one blocks. */
  #forward(): void {
    const { order, streams } = this.state;
    while (order.length > 0) {
      const first = order[0]!;
      const undecided = first.phase === "judging" ||
        (first.phase === "cancelled" && streams.has(first.id));
      if (undecided) return;
      order.shift();
      if (first.phase === "allowed" && streams.has(first.id)) this.#toUpstream(first);
    }
  }

  #toUpstream(stream: Stream): void {
    const { state } = this;
    const { encoder } = state.upstream;
    const { id, held } = stream;
    const block = encoder.encode(forwardedFields(stream.request));
    state.out.upstream.push(encodeHeaders(id, block, stream.bodiless));
    for (const item of held) {
      state.out.upstream.push(
        "bytes" in item ? item.bytes : encodeHeaders(id, encoder.encode(item.trailers), true),
      );
    }
    state.clearHeld(stream);
    stream.phase = "open";
    state.lastForwarded = id;
  }
}

function newStream(id: number, request: Request, ended: boolean, window: number): Stream {
  return {
    id,
    phase: "judging",
    request,
    bodiless: ended,
    clientEnd: ended,
    upstreamEnd: false,
    held: [],
    heldFlow: 0,
    unwanted: 0,
    window,
    body: undefined,
    malformed: undefined,
    status: undefined,
    bytesUp: 0,
    bytesDown: 0,
  };
}
