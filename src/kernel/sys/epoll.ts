/**
 * epoll(7).
 *
 * @module
 */

import { errno, libc } from "../ffi/libc.ts";
import { check, Errno, SyscallError } from "./call.ts";
import { Fd } from "./fd.ts";

/** Readiness bits (sys/epoll.h). */
export const Ready = { IN: 1, OUT: 4, ERR: 8, HUP: 16 } as const;

const ADD = 1;
const DELETE = 2;
const MODIFY = 3;
const CLOEXEC = 0o2000000;
const MAX_EVENTS = 64;
/** struct epoll_event is packed on x86-64 alone. */
const PACKED = Deno.build.arch === "x86_64";
const EVENT_SIZE = PACKED ? 12 : 16;
const DATA_OFFSET = PACKED ? 4 : 8;

/** What to call when a descriptor is ready; `ready` holds bits of {@link Ready}. */
export type Handler = (ready: number) => void;

/** Level-triggered readiness of any number of descriptors. */
export class Epoll implements Disposable {
  readonly #fd = new Fd(check("epoll_create1", libc.epoll_create1(CLOEXEC)));
  readonly #handlers = new Map<number, Handler>();
  #later: (() => void)[] = [];
  readonly #events = new Uint8Array(EVENT_SIZE * MAX_EVENTS);
  readonly #view = new DataView(this.#events.buffer);
  readonly #one = new Uint8Array(EVENT_SIZE);
  readonly #oneView = new DataView(this.#one.buffer);

  /** @throws {SyscallError} EPERM for a regular file */
  add(fd: number, bits: number, handler: Handler): void {
    this.#control(ADD, fd, bits);
    this.#handlers.set(fd, handler);
  }

  /** Changes what a descriptor is watched for. */
  modify(fd: number, bits: number): void {
    this.#control(MODIFY, fd, bits);
  }

  /** Must be called before the descriptor is closed. */
  remove(fd: number): void {
    if (this.#handlers.delete(fd)) this.#control(DELETE, fd, 0);
  }

  /** Calls `work` once, at the end of the present round or, between rounds, before the next one waits. */
  later(work: () => void): void {
    this.#later.push(work);
  }

  #runLater(): void {
    while (this.#later.length > 0) {
      const work = this.#later;
      this.#later = [];
      for (const each of work) each();
    }
  }

  /**
   * Waits and calls handlers. A handler that was removed by an earlier one of the same round is not
   * called.
   *
   * @param timeout ms, -1 for no limit
   * @throws {SyscallError}
   */
  wait(timeout: number): void {
    this.#runLater();
    const count = libc.epoll_wait(this.#fd.number, this.#events, MAX_EVENTS, timeout);
    if (count < 0) {
      const code = errno();
      if (code === Errno.EINTR) return;
      throw new SyscallError("epoll_wait", code);
    }
    for (let i = 0; i < count; i++) {
      const bits = this.#view.getUint32(i * EVENT_SIZE, true);
      const fd = this.#view.getInt32(i * EVENT_SIZE + DATA_OFFSET, true);
      this.#handlers.get(fd)?.(bits);
    }
    this.#runLater();
  }

  #control(operation: number, fd: number, bits: number): void {
    this.#oneView.setUint32(0, bits, true);
    this.#oneView.setInt32(DATA_OFFSET, fd, true);
    check("epoll_ctl", libc.epoll_ctl(this.#fd.number, operation, fd, this.#one));
  }

  [Symbol.dispose](): void {
    this.#fd.close();
  }
}
