/**
 * Checking the results of system calls.
 *
 * @module
 */

import { errno, strerror } from "../ffi/libc.ts";

/** Error numbers that the role tells apart (asm-generic/errno-base.h, errno.h). */
export const Errno = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EBADF: 9,
  EAGAIN: 11,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ENOSPC: 28,
  EPIPE: 32,
  ENOPROTOOPT: 92,
  ENOBUFS: 105,
} as const;

/** A system call failed. `code` is its errno, `call` names it and what it was about. */
export class SyscallError extends Error {
  override name = "SyscallError";
  constructor(readonly call: string, readonly code: number) {
    super(`${call}: ${strerror(code)} (errno ${code})`);
  }
}

/**
 * Passes a result on unless it is negative.
 *
 * @param call what was tried, for the error's text
 * @throws {SyscallError} with the current errno
 */
export function check(call: string, result: number | bigint): number {
  if (result < 0) throw new SyscallError(call, errno());
  return Number(result);
}

const utf8 = new TextEncoder();

/** A NUL-terminated copy of `text` for C. */
export function cstring(text: string): Uint8Array<ArrayBuffer> {
  return utf8.encode(text + "\0");
}
