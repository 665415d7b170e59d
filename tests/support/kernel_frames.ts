/**
 * The other end of the kernel role's links.
 *
 * @module
 */

import { encodeFrame, type Frame, FrameDecoder, FrameKind } from "../../src/protocol/mod.ts";
import { Inbox } from "./kernel_lines.ts";

/** A byte stream to talk over. */
export interface Duplex {
  /** The next bytes; undefined at the end. */
  chunk(): Promise<Uint8Array | undefined>;
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  close(): Promise<void>;
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

  /** Writes raw bytes. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#stream.write(bytes);
  }

  /** Closes this side. */
  close(): Promise<void> {
    return this.#stream.close();
  }

  async #read(): Promise<void> {
    const decoder = new FrameDecoder();
    while (true) {
      const chunk = await this.#stream.chunk().catch(() => undefined);
      if (!chunk) break;
      for (const frame of decoder.push(chunk)) this.#take(frame);
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
