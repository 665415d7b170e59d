/**
 * Listening on a Unix socket, and who is at the other end.
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
/** sizeof(sockaddr_un.sun_path). */
const PATH_MAX_UNIX = 108;

/**
 * Listens at `path`, in the place of whatever stale socket is there; only root may connect.
 *
 * @throws {SyscallError}
 */
export function listenUnix(path: string): Fd {
  const name = cstring(path);
  if (name.length > PATH_MAX_UNIX) throw new RangeError(`socket path too long: ${path}`);
  const address = new Uint8Array(2 + name.length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(name, 2);
  const flags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const fd = new Fd(check("socket AF_UNIX", libc.socket(AF_UNIX, flags, 0)));
  try {
    removeFile(path);
    check(`bind ${path}`, libc.bind(fd.number, address, address.length));
    check(`chmod ${path}`, libc.chmod(name, 0o600));
    check(`listen ${path}`, libc.listen(fd.number, 64));
  } catch (error) {
    fd.close();
    throw error;
  }
  return fd;
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

/** User id of the peer's process when it connected. @throws {SyscallError} */
export function peerUid(fd: number): number {
  const credentials = new Uint32Array(3);
  const size = new Uint32Array([12]);
  const result = libc.getsockopt(
    fd,
    SOL_SOCKET,
    SO_PEERCRED,
    new Uint8Array(credentials.buffer),
    new Uint8Array(size.buffer),
  );
  check("getsockopt SO_PEERCRED", result);
  return credentials[1]!;
}
