/**
 * Frames over a pair of descriptors, without ever waiting for the peer.
 *
 * @module
 */

import {
  encodeFrame,
  type Frame,
  FrameDecoder,
  FrameError,
  FrameKind,
} from "../../protocol/mod.ts";
import { SyscallError } from "../sys/call.ts";
import { type Epoll, Ready } from "../sys/epoll.ts";
import { read, setNonblocking, write } from "../sys/fd.ts";

/** What a channel tells its owner. */
export interface ChannelHandlers {
  frame(frame: Frame): void;
  /** Called once; the channel is unusable from then on. Its descriptors are the owner's to close. */
  closed(reason: string): void;
}

const CHUNK = 65536;
/** Bytes of frames that are put together for one write. */
const GATHER = 65536;

/** One peer. What it does not read yet is kept up to a limit; beyond it the peer is given up. */
export class FrameChannel {
  readonly #epoll: Epoll;
  readonly #input: number;
  readonly #output: number;
  readonly #handlers: ChannelHandlers;
  readonly #limit: number;
  readonly #gather: boolean;
  #flushing = false;
  readonly #decoder = new FrameDecoder();
  readonly #chunk = new Uint8Array(CHUNK);
  readonly #queue: Uint8Array<ArrayBuffer>[] = [];
  #queued = 0;
  #open = true;
  /** Whether epoll tells when the output takes more. */
  #watching = false;

  /**
   * @param input read from; may be the same as `output`
   * @param limit bytes that may wait to be written
   * @param gather write once a round of `epoll`, not once a frame: each write wakes the peer
   */
  constructor(
    epoll: Epoll,
    input: number,
    output: number,
    limit: number,
    handlers: ChannelHandlers,
    gather = false,
  ) {
    this.#gather = gather;
    this.#epoll = epoll;
    this.#input = input;
    this.#output = output;
    this.#limit = limit;
    this.#handlers = handlers;
    setNonblocking(input);
    setNonblocking(output);
    epoll.add(input, Ready.IN, (bits) => this.#ready(bits));
    if (output !== input) epoll.add(output, 0, (bits) => this.#outputReady(bits));
  }

  /** Bytes that wait for the peer. */
  get backlog(): number {
    return this.#queued;
  }

  /** Answers a request. */
  respond(id: number, body: unknown): void {
    this.#send(encodeFrame(FrameKind.response, id, body));
  }

  /** Asks; the answer comes as a frame with the same id. */
  request(id: number, body: unknown): void {
    this.#send(encodeFrame(FrameKind.request, id, body));
  }

  /** Tells. */
  event(body: unknown): void {
    this.#send(encodeFrame(FrameKind.event, 0, body));
  }

  /** Ends it; `closed` is called with the reason. */
  close(reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#epoll.remove(this.#input);
    if (this.#output !== this.#input) this.#epoll.remove(this.#output);
    this.#handlers.closed(reason);
  }

  /** Writes what waits, as far as the peer takes it at once. */
  flush(): void {
    this.#guard(() => {
      while (this.#queue.length > 0) {
        const first = this.#join();
        const size = write(this.#output, first);
        if (size === undefined) break;
        this.#queued -= size;
        if (size < first.length) this.#queue[0] = first.subarray(size);
        else this.#queue.shift();
      }
      this.#watch();
    });
  }

  /** The first frame, together with those behind it as far as they are small. */
  #join(): Uint8Array<ArrayBuffer> {
    const first = this.#queue[0]!;
    let count = 1;
    let size = first.length;
    while (count < this.#queue.length && size + this.#queue[count]!.length <= GATHER) {
      size += this.#queue[count++]!.length;
    }
    if (count === 1) return first;
    const joined = new Uint8Array(size);
    let at = 0;
    for (const part of this.#queue.splice(0, count)) {
      joined.set(part, at);
      at += part.length;
    }
    this.#queue.unshift(joined);
    return joined;
  }

  #flushLater(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.#epoll.later(() => {
      this.#flushing = false;
      if (this.#open) this.flush();
    });
  }

  #send(frame: Uint8Array<ArrayBuffer>): void {
    if (!this.#open) return;
    this.#queue.push(frame);
    this.#queued += frame.length;
    if (this.#queued > this.#limit) this.close("the peer does not read");
    else if (this.#gather) this.#flushLater();
    else if (this.#queue.length === 1) this.flush();
  }

  #watch(): void {
    const wanted = this.#queue.length > 0;
    if (!this.#open || wanted === this.#watching) return;
    this.#watching = wanted;
    const bits = wanted ? Ready.OUT : 0;
    if (this.#output === this.#input) this.#epoll.modify(this.#input, Ready.IN | bits);
    else this.#epoll.modify(this.#output, bits);
  }

  #ready(bits: number): void {
    if (bits & Ready.OUT) this.flush();
    if (this.#open && bits & ~Ready.OUT) this.#readOnce();
  }

  #outputReady(bits: number): void {
    if (bits & Ready.ERR) this.close("the peer closed its end");
    else this.flush();
  }

  #readOnce(): void {
    let frames: Frame[] = [];
    this.#guard(() => {
      const size = read(this.#input, this.#chunk);
      if (size === 0) this.close("the peer closed its end");
      else if (size !== undefined) frames = this.#decoder.push(this.#chunk.subarray(0, size));
    });
    // Outside the guard: what goes wrong in a handler is not the peer's fault.
    for (const frame of frames) {
      if (this.#open) this.#handlers.frame(frame);
    }
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof SyscallError || error instanceof FrameError)) throw error;
      this.close(error.message);
    }
  }
}
