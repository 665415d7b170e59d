/**
 * Files and folders through the C library: most of /proc is out of reach for Deno's own calls without
 * every permission.
 *
 * @module
 */

import { errno, libc } from "../ffi/libc.ts";
import { check, cstring, Errno, SyscallError } from "./call.ts";
import { Fd, Open, open, read } from "./fd.ts";

const text = new TextDecoder();
const chunk = new Uint8Array(16384);
const linkBuffer = new Uint8Array(4096);
const statBuffer = new Uint8Array(256);
/** struct dirent of 64-bit glibc: ino, off, reclen, type, name. */
const D_TYPE = 18;
const D_NAME = 19;
const DT_DIR = 4;

/**
 * Reads a whole file, up to `limit` bytes.
 *
 * @returns undefined if it does not exist (any more)
 * @throws {SyscallError} for any other failure
 */
export function readBytes(path: string, limit: number): Uint8Array<ArrayBuffer> | undefined {
  try {
    using fd = open(path, Open.RDONLY);
    return readAll(fd, limit);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function readAll(fd: Fd, limit: number): Uint8Array<ArrayBuffer> {
  let out = new Uint8Array(0);
  while (out.length < limit) {
    const size = read(fd.number, chunk);
    if (!size) break;
    const grown = new Uint8Array(out.length + size);
    grown.set(out);
    grown.set(chunk.subarray(0, size), out.length);
    out = grown;
  }
  return out.subarray(0, limit);
}

/** As {@link readBytes}, decoded as UTF-8 with replacement characters. */
export function readText(path: string, limit = 65536): string | undefined {
  const bytes = readBytes(path, limit);
  return bytes && text.decode(bytes);
}

/** Target of a link; undefined if there is none, or it may not be read. */
export function readLink(path: string): string | undefined {
  const size = Number(libc.readlink(cstring(path), linkBuffer, BigInt(linkBuffer.length)));
  return size < 0 ? undefined : text.decode(linkBuffer.subarray(0, size));
}

/**
 * Names in a folder, without `.` and `..`.
 *
 * @returns empty if the folder does not exist
 * @throws {SyscallError}
 */
export function listFolder(path: string): string[] {
  return list(path, () => true);
}

/** As {@link listFolder}, folders alone. */
export function listSubfolders(path: string): string[] {
  return list(path, (type) => type === DT_DIR);
}

function list(path: string, wanted: (type: number) => boolean): string[] {
  const folder = libc.opendir(cstring(path));
  if (folder === null) {
    const code = errno();
    if (code === Errno.ENOENT) return [];
    throw new SyscallError(`opendir ${path}`, code);
  }
  const names: string[] = [];
  for (let entry = libc.readdir(folder); entry !== null; entry = libc.readdir(folder)) {
    const view = new Deno.UnsafePointerView(entry);
    const name = view.getCString(D_NAME);
    if (name !== "." && name !== ".." && wanted(view.getUint8(D_TYPE))) names.push(name);
  }
  libc.closedir(folder);
  return names;
}

/** @throws {SyscallError} */
export function makeFolder(path: string, mode: number): void {
  check(`mkdir ${path}`, libc.mkdir(cstring(path), mode));
}

/** Removes a file if it is there. @throws {SyscallError} */
export function removeFile(path: string): void {
  if (libc.unlink(cstring(path)) < 0 && errno() !== Errno.ENOENT) {
    throw new SyscallError(`unlink ${path}`, errno());
  }
}

/** Removes an empty folder if it is there. @throws {SyscallError} */
export function removeFolder(path: string): void {
  if (libc.rmdir(cstring(path)) < 0 && errno() !== Errno.ENOENT) {
    throw new SyscallError(`rmdir ${path}`, errno());
  }
}

/** Whether something is there. */
export function exists(path: string): boolean {
  return libc.stat(cstring(path), statBuffer) === 0;
}

/** A file's inode number: for a cgroup's folder, its id. @throws {SyscallError} */
export function inode(path: string): bigint {
  check(`stat ${path}`, libc.stat(cstring(path), statBuffer));
  // struct stat of 64-bit Linux: st_dev, st_ino.
  return new DataView(statBuffer.buffer).getBigUint64(8, true);
}

function isGone(error: unknown): boolean {
  // ESRCH: the process behind a /proc file ended between open and read.
  return error instanceof SyscallError && (error.code === Errno.ENOENT || error.code === 3);
}
