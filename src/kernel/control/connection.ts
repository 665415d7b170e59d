/**
 * One caller on the control socket: a line in, a line out, then it is closed.
 *
 * @module
 */

import { SyscallError } from "../sys/call.ts";
import { type Epoll, Ready } from "../sys/epoll.ts";
import { type Fd, read, write } from "../sys/fd.ts";
import { LineReader } from "./request.ts";

/** ms that a caller may take for its line, and for reading the answer. */
export const PATIENCE = 2000;

const utf8 = new TextEncoder();
const chunk = new Uint8Array(65536);

/** What a connection tells its owner. */
export interface ConnectionHandlers {
  /** The line, or what is wrong with it. Called once. */
  line(line: string | "too long"): void;
  closed(): void;
}

/** One caller. */
export class Connection {
  /** ms since boot at which it is given up; Infinity while it waits for egress. */
  deadline: number;
  readonly #epoll: Epoll;
  readonly #fd: Fd;
  readonly #handlers: ConnectionHandlers;
  readonly #reader = new LineReader();
  #pending: Uint8Array<ArrayBuffer> | undefined;

  /** @param fd becomes this object's; @param now ms since boot */
  constructor(epoll: Epoll, fd: Fd, now: number, handlers: ConnectionHandlers) {
    this.#epoll = epoll;
    this.#fd = fd;
    this.#handlers = handlers;
    this.deadline = now + PATIENCE;
    epoll.add(fd.number, Ready.IN, (bits) => this.#ready(bits));
  }

  /** Sends the answer and closes. @param now ms since boot */
  answer(body: unknown, now: number): void {
    if (this.#fd.number < 0) return;
    this.#pending = encodeAnswer(body);
    this.deadline = now + PATIENCE;
    this.#epoll.modify(this.#fd.number, Ready.OUT);
    this.#write();
  }

  /** Closes it, whatever it waits for. */
  close(): void {
    if (this.#fd.number < 0) return;
    this.#epoll.remove(this.#fd.number);
    this.#fd.close();
    this.#handlers.closed();
  }

  #ready(bits: number): void {
    if (this.#pending) return this.#write();
    // Its line is there already, and the answer under way: nothing more is read, its end alone is noticed.
    if (this.deadline === Infinity) {
      return bits & (Ready.HUP | Ready.ERR) ? this.close() : undefined;
    }
    try {
      const size = read(this.#fd.number, chunk);
      if (size === 0) return this.close();
      if (size !== undefined) this.#take(chunk.subarray(0, size));
    } catch (error) {
      this.#failed(error);
    }
  }

  #take(bytes: Uint8Array): void {
    const line = this.#reader.push(bytes);
    if (line === undefined) return;
    this.deadline = Infinity;
    this.#epoll.modify(this.#fd.number, 0);
    this.#handlers.line(line);
  }

  #write(): void {
    try {
      while (this.#pending && this.#pending.length > 0) {
        const size = write(this.#fd.number, this.#pending);
        if (size === undefined) return;
        this.#pending = this.#pending.subarray(size);
      }
      this.close();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** The caller went away: its own business. */
  #failed(error: unknown): void {
    if (!(error instanceof SyscallError)) throw error;
    this.close();
  }
}

/** An answer as its line. */
export function encodeAnswer(body: unknown): Uint8Array<ArrayBuffer> {
  return utf8.encode(JSON.stringify(body) + "\n");
}
