/**
 * The registered role processes of a whole machine: what their sockets send passes the gate. A socket counts
 * because a registered process made it, not for a cgroup, which root can write.
 *
 * @module
 */

import type { BpfMap } from "../bpf/map.ts";
import { libc } from "../ffi/libc.ts";
import { check, Errno, SyscallError } from "../sys/call.ts";
import { Fd } from "../sys/fd.ts";
import { listFolder, readLink } from "../sys/files.ts";
import { readStat } from "./procfs.ts";

/** Numbers of the calls, the same on every architecture. */
const PIDFD_OPEN = 434n;
const PIDFD_GETFD = 438n;
const YES = new Uint8Array([1]);

/** Keeps the register. */
export class RoleRegister {
  readonly #pids: BpfMap;
  readonly #sockets: BpfMap;
  #known = new Set<number>();

  /**
   * @param pids the map `role_pids`
   * @param sockets the map `role_sockets`
   */
  constructor(pids: BpfMap, sockets: BpfMap) {
    this.#pids = pids;
    this.#sockets = sockets;
  }

  /**
   * Registers exactly these processes: sockets that they make from now on, and those that they have. A process
   * that has ended is left out. Sockets of one that is struck off stay what they are.
   *
   * @throws {SyscallError}
   */
  set(pids: readonly number[]): void {
    for (const pid of this.#known) if (!pids.includes(pid)) this.#pids.delete(keyOf(pid));
    this.#known = new Set();
    for (const pid of pids) {
      const stat = readStat(pid);
      if (!stat) continue;
      // The map first: a socket made in between is noticed at its making.
      this.#pids.set(keyOf(pid), new Uint8Array(new BigUint64Array([stat.startTicks]).buffer));
      this.#known.add(pid);
      this.#adopt(pid);
    }
  }

  #adopt(pid: number): void {
    try {
      using process = new Fd(
        check(`pidfd_open ${pid}`, libc.syscall_numbers(PIDFD_OPEN, BigInt(pid), 0n, 0n)),
      );
      for (const name of listFolder(`/proc/${pid}/fd`)) {
        if (readLink(`/proc/${pid}/fd/${name}`)?.startsWith("socket:")) {
          this.#adoptSocket(process, Number(name));
        }
      }
    } catch (error) {
      // It has ended meanwhile.
      if (!(error instanceof SyscallError && error.code === Errno.ESRCH)) throw error;
    }
  }

  #adoptSocket(process: Fd, number: number): void {
    const result = libc.syscall_numbers(PIDFD_GETFD, BigInt(process.number), BigInt(number), 0n);
    try {
      using socket = new Fd(check(`pidfd_getfd ${number}`, result));
      this.#sockets.set(keyOf(socket.number), YES);
    } catch (error) {
      // Closed meanwhile.
      if (!(error instanceof SyscallError && error.code === Errno.EBADF)) throw error;
    }
  }
}

function keyOf(number: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Int32Array([number]).buffer);
}
