/**
 * The other end of the kernel role's links.
 *
 * @module
 */

import { encodeFrame, type Frame, FrameDecoder, FrameKind } from "../../src/protocol/mod.ts";
import { Inbox } from "./kernel_lines.ts";

interface Duplex {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
}

/** Asks and listens over a byte stream. */
export class FrameClient {
  readonly events = new Inbox<Record<string, unknown>>();
  /** Requests of the other side. */
  readonly requests = new Inbox<Frame>();
  /** Fulfilled when the other side has ended. */
  readonly ended: Promise<void>;
  readonly #stream: Duplex;
  readonly #answers = new Map<number, (body: unknown) => void>();
  #nextId = 1;
  #writes: Promise<void> = Promise.resolve();

  constructor(stream: Duplex) {
    this.#stream = stream;
    this.ended = this.#read();
  }

  /** @returns the answer's body */
  async request<T = Record<string, unknown>>(body: unknown): Promise<T> {
    const id = this.#nextId++;
    const answer = new Promise<unknown>((resolve) => this.#answers.set(id, resolve));
    await this.write(encodeFrame(FrameKind.request, id, body));
    return await answer as T;
  }

  event(body: unknown): Promise<void> {
    return this.write(encodeFrame(FrameKind.event, 0, body));
  }

  respond(id: number, body: unknown): Promise<void> {
    return this.write(encodeFrame(FrameKind.response, id, body));
  }

  /** Writes raw bytes after what was written before. */
  write(bytes: Uint8Array): Promise<void> {
    this.#writes = this.#writes.then(async () => {
      for (let at = 0; at < bytes.length;) at += await this.#stream.write(bytes.subarray(at));
    });
    return this.#writes;
  }

  async #read(): Promise<void> {
    const decoder = new FrameDecoder();
    const chunk = new Uint8Array(65536);
    while (true) {
      const size = await this.#stream.read(chunk).catch(() => null);
      if (size === null || size === 0) break;
      for (const frame of decoder.push(chunk.subarray(0, size))) this.#take(frame);
    }
    this.events.end();
    this.requests.end();
  }

  #take(frame: Frame): void {
    if (frame.kind === FrameKind.request) this.requests.put(frame);
    else if (frame.kind === FrameKind.event) this.events.put(frame.body as Record<string, unknown>);
    else {
      this.#answers.get(frame.id)?.(frame.body);
      this.#answers.delete(frame.id);
    }
  }
}
