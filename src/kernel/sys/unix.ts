/**
 * Unix sockets: listening, connecting, and who is at the other end.
 *
 * @module
 */

import { errno, libc } from "../ffi/libc.ts";
import { check, cstring, Errno, SyscallError } from "./call.ts";
import { Fd } from "./fd.ts";
import { removeFile } from "./files.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
/** Linux 6.5. */
const SO_PEERPIDFD = 77;
/** sizeof(sockaddr_un.sun_path). */
const PATH_MAX_UNIX = 108;

/**
 * Listens at `path`, in the place of whatever stale socket is there.
 *
 * @param mode who may connect; root alone unless told otherwise
 * @throws {SyscallError}
 */
export function listenUnix(path: string, mode = 0o600): Fd {
  const address = addressOf(path);
  const fd = newSocket();
  try {
    removeFile(path);
    check(`bind ${path}`, libc.bind(fd.number, address, address.length));
    check(`chmod ${path}`, libc.chmod(cstring(path), mode));
    check(`listen ${path}`, libc.listen(fd.number, 64));
  } catch (error) {
    fd.close();
    throw error;
  }
  return fd;
}

/**
 * Connects, at once or not at all: a Unix socket is connected as soon as its peer's queue has room.
 *
 * @returns nonblocking
 * @throws {SyscallError} EAGAIN if it has none
 */
export function connectUnix(path: string): Fd {
  const address = addressOf(path);
  const fd = newSocket();
  try {
    check(`connect ${path}`, libc.connect(fd.number, address, address.length));
  } catch (error) {
    fd.close();
    throw error;
  }
  return fd;
}

function newSocket(): Fd {
  const flags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  return new Fd(check("socket AF_UNIX", libc.socket(AF_UNIX, flags, 0)));
}

/** sockaddr_un. @throws {RangeError} if the path does not fit */
function addressOf(path: string): Uint8Array<ArrayBuffer> {
  const name = cstring(path);
  if (name.length > PATH_MAX_UNIX) throw new RangeError(`socket path too long: ${path}`);
  const address = new Uint8Array(2 + name.length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(name, 2);
  return address;
}

/**
 * Takes one waiting connection.
 *
 * @returns undefined when none waits
 * @throws {SyscallError}
 */
export function accept(listener: number): Fd | undefined {
  const fd = libc.accept4(listener, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) return new Fd(fd);
  const code = errno();
  if (code === Errno.EAGAIN || code === Errno.EINTR || code === 103 /* ECONNABORTED */) {
    return undefined;
  }
  throw new SyscallError("accept4", code);
}

/** Who connected. */
export interface Peer {
  /** 0 if it is outside this process's pid namespace. */
  pid: number;
  uid: number;
}

/** The peer's process when it connected. @throws {SyscallError} */
export function peerOf(fd: number): Peer {
  const credentials = new Int32Array(3);
  check("getsockopt SO_PEERCRED", socketOption(fd, SO_PEERCRED, credentials));
  return { pid: credentials[0]!, uid: credentials[1]! >>> 0 };
}

/**
 * A pidfd of the peer's process when it connected.
 *
 * @returns undefined where the kernel has none for sockets (before 6.5)
 * @throws {SyscallError} ESRCH if that process is gone
 */
export function peerPidfd(fd: number): Fd | undefined {
  const pidfd = new Int32Array([-1]);
  const result = socketOption(fd, SO_PEERPIDFD, pidfd);
  if (result < 0 && errno() === Errno.ENOPROTOOPT) return undefined;
  check("getsockopt SO_PEERPIDFD", result);
  return new Fd(pidfd[0]!);
}

/** User id of the peer's process when it connected. @throws {SyscallError} */
export function peerUid(fd: number): number {
  return peerOf(fd).uid;
}

function socketOption(fd: number, option: number, value: Int32Array<ArrayBuffer>): number {
  const size = new Uint8Array(new Uint32Array([value.byteLength]).buffer);
  return libc.getsockopt(fd, SOL_SOCKET, option, new Uint8Array(value.buffer), size);
}
