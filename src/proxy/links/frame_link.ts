/**
 * A Unix socket that carries frames: pipelined requests one way, events both ways.
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
import { concat } from "../layers/bytes.ts";
import { closeQuietly, isConnectionError } from "../io/stream.ts";

/** A question could not be answered: the peer is gone, too slow, or says so. */
export class LinkError extends Error {
  override name = "LinkError";
}

interface Pending {
  resolve(body: unknown): void;
  reject(error: Error): void;
  deadline: number;
}

/** Milliseconds after which a question counts as unanswered. */
const ANSWER_MS = 5000;
/** Unsent bytes above which {@link FrameLink.drained} makes its callers wait. */
const HIGH_WATER = 1024 * 1024;

/** Milliseconds that {@link FrameLink.sendSoon} may gather frames, and the bytes after which it does not. */
const GATHER_MS = 8;
const GATHER_BYTES = 32 * 1024;

/** One end of a frame connection. What is sent within a turn leaves in one write. */
export class FrameLink {
  readonly #conn: Deno.UnixConn;
  readonly #pending = new Map<number, Pending>();
  #queue: Uint8Array[] = [];
  #queued = 0;
  #writing = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #nextId = 1;
  #failure: LinkError | undefined;
  #waiters: (() => void)[] = [];

  /**
   * @param onFrame called for frames that are no responses
   * @param onEnd called once, when the connection is over
   */
  constructor(
    conn: Deno.UnixConn,
    readonly onFrame: (frame: Frame) => void,
    readonly onEnd: (why: LinkError) => void,
  ) {
    this.#conn = conn;
    this.#readAll();
  }

  /**
   * Connects to a listening role.
   *
   * @throws {Deno.errors} if nobody listens at `path`
   */
  static async connect(
    path: string,
    onFrame: (frame: Frame) => void,
    onEnd: (why: LinkError) => void,
  ): Promise<FrameLink> {
    return new FrameLink(await Deno.connect({ transport: "unix", path }), onFrame, onEnd);
  }

  /** Sends a frame that wants no answer. */
  send(body: unknown, kind: FrameKind = FrameKind.event, id = 0): void {
    this.#add(body, kind, id);
    this.#start();
  }

  /**
   * Sends an event within 8 ms, in one write with others: under load a write, and waking the peer for it, costs
   * more than the frame does. What is sent by {@link FrameLink.send} meanwhile takes it along.
   */
  sendSoon(body: unknown): void {
    this.#add(body, FrameKind.event, 0);
    if (this.#queued > GATHER_BYTES) this.#start();
    else if (!this.#writing) this.#timer ??= setTimeout(() => this.#start(), GATHER_MS);
  }

  #add(body: unknown, kind: FrameKind, id: number): void {
    if (this.#failure) return;
    const bytes = encodeFrame(kind, id, body);
    this.#queue.push(bytes);
    this.#queued += bytes.length;
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#writing || this.#queue.length === 0 || this.#failure) return;
    this.#writing = true;
    queueMicrotask(() => this.#flush());
  }

  /**
   * Asks and waits for the answer.
   *
   * @throws {LinkError} if there is none within 5 s, or the peer answers with an error
   */
  request(body: unknown): Promise<unknown> {
    if (this.#failure) return Promise.reject(this.#failure);
    const id = this.#nextId;
    this.#nextId = id === 0xffffffff ? 1 : id + 1;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, deadline: Date.now() + ANSWER_MS });
      this.send(body, FrameKind.request, id);
    });
  }

  /** Whether so much is unsent that producers should wait for {@link FrameLink.drained}. */
  get congested(): boolean {
    return this.#queued > HIGH_WATER;
  }

  /** Resolves once what was sent before has been written, or the link is over. */
  drained(): Promise<void> {
    this.#start();
    if (!this.#writing || this.#failure) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Gives up on questions that have waited too long. */
  tick(now: number): void {
    for (const [id, pending] of this.#pending) {
      if (now < pending.deadline) continue;
      this.#pending.delete(id);
      pending.reject(new LinkError("no answer in time"));
    }
  }

  /** Ends the link. */
  close(): void {
    this.#fail(new LinkError("closed"));
  }

  async #flush(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        const bytes = this.#queue.length === 1 ? this.#queue[0]! : concat(...this.#queue);
        this.#queue = [];
        for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
        this.#queued -= bytes.length;
      }
    } catch (cause) {
      this.#fail(new LinkError("the link broke", { cause }));
    }
    this.#writing = false;
    for (const wake of this.#waiters.splice(0)) wake();
  }

  async #readAll(): Promise<void> {
    const decoder = new FrameDecoder();
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (;;) {
        const count = await this.#conn.read(buffer);
        if (count === null) return this.#fail(new LinkError("the peer has ended"));
        for (const frame of decoder.push(buffer.subarray(0, count))) this.#take(frame);
      }
    } catch (cause) {
      this.#fail(new LinkError("the link broke", { cause }));
      if (!isConnectionError(cause) && !(cause instanceof FrameError)) throw cause;
    }
  }

  #take(frame: Frame): void {
    if (frame.kind !== FrameKind.response) return this.onFrame(frame);
    const pending = this.#pending.get(frame.id);
    // An answer that came too late has no question any more.
    if (!pending) return;
    this.#pending.delete(frame.id);
    const error = errorOf(frame.body);
    if (error === undefined) pending.resolve(frame.body);
    else pending.reject(new LinkError(error));
  }

  #fail(why: LinkError): void {
    if (this.#failure) return;
    this.#failure = why;
    clearTimeout(this.#timer);
    closeQuietly(this.#conn);
    for (const pending of this.#pending.values()) pending.reject(why);
    this.#pending.clear();
    for (const wake of this.#waiters.splice(0)) wake();
    this.onEnd(why);
  }
}

function errorOf(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null) return "an answer that is no object";
  return "error" in body && typeof body.error === "string" ? body.error : undefined;
}
