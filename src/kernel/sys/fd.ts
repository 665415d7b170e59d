/**
 * File descriptors.
 *
 * @module
 */

import { errno, libc } from "../ffi/libc.ts";
import { check, cstring, Errno, SyscallError } from "./call.ts";

/** open(2) flags of Linux on x86-64 and arm64. */
export const Open = {
  RDONLY: 0,
  RDWR: 2,
  NONBLOCK: 0o4000,
  CLOEXEC: 0o2000000,
} as const;

const F_GETFL = 3;
const F_SETFL = 4;
const MSG_DONTWAIT = 0x40;

/** A descriptor that is closed once: by `close`, or at the end of a `using` block. */
export class Fd implements Disposable {
  #number: number;

  constructor(number: number) {
    this.#number = number;
  }

  /** The number for calls. -1 after `close`. */
  get number(): number {
    return this.#number;
  }

  close(): void {
    if (this.#number < 0) return;
    libc.close(this.#number);
    this.#number = -1;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * @param flags of {@link Open}; CLOEXEC is added
 * @throws {SyscallError}
 */
export function open(path: string, flags: number): Fd {
  const result = libc.open(cstring(path), flags | Open.CLOEXEC, 0);
  return new Fd(check(`open ${path}`, result));
}

/** @throws {SyscallError} */
export function setNonblocking(fd: number): void {
  const flags = check("fcntl F_GETFL", libc.fcntl(fd, F_GETFL, 0));
  check("fcntl F_SETFL", libc.fcntl(fd, F_SETFL, flags | Open.NONBLOCK));
}

/**
 * Reads once.
 *
 * @returns bytes read, 0 at the end, undefined when there is nothing now
 * @throws {SyscallError}
 */
export function read(fd: number, into: Uint8Array<ArrayBuffer>): number | undefined {
  return settle("read", libc.read(fd, into, BigInt(into.length)));
}

/**
 * Receives one message without waiting.
 *
 * @returns its length, undefined when there is none
 * @throws {SyscallError}
 */
export function receive(fd: number, into: Uint8Array<ArrayBuffer>): number | undefined {
  return settle("recv", libc.recv(fd, into, BigInt(into.length), MSG_DONTWAIT));
}

/**
 * Writes once.
 *
 * @returns bytes taken, undefined when the other side is full now
 * @throws {SyscallError}
 */
export function write(fd: number, bytes: Uint8Array<ArrayBuffer>): number | undefined {
  return settle("write", libc.write(fd, bytes, BigInt(bytes.length)));
}

function settle(call: string, result: bigint): number | undefined {
  if (result >= 0n) return Number(result);
  const code = errno();
  if (code === Errno.EAGAIN || code === Errno.EINTR) return undefined;
  throw new SyscallError(call, code);
}
