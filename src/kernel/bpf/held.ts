/**
 * Programs that a cgroup itself holds (BPF_PROG_ATTACH, without a link): they stay for as long as the cgroup
 * exists, whatever becomes of pins, descriptors and processes.
 *
 * @module
 */

import type { Libbpf } from "../ffi/libbpf.ts";
import { errno } from "../ffi/libc.ts";
import { check, Errno, SyscallError } from "../sys/call.ts";
import { Fd } from "../sys/fd.ts";
import { viewOf } from "./layout.ts";

/** `enum bpf_attach_type` (linux/bpf.h) of the programs that a cgroup holds. */
export const AttachType = {
  cgroup_inet_egress: 1,
  cgroup_inet_sock_create: 2,
  cgroup_inet6_connect: 11,
  cgroup_udp6_sendmsg: 15,
  cgroup_setsockopt: 22,
} as const;

/** One of {@link AttachType}. */
export type AttachType = typeof AttachType[keyof typeof AttachType];

/** Others may attach to the same cgroup, above and below: all of their verdicts count. */
const BPF_F_ALLOW_MULTI = 2;
/** More programs of one type than anything attaches to one cgroup (BPF_CGROUP_MAX_PROGS is 64). */
const MOST_PROGRAMS = 64;
/** `struct bpf_prog_info`: id at 4, name (16 bytes) at 64. */
const INFO_SIZE = 80;
const INFO_ID = 4;
const INFO_NAME = 64;

/** What a cgroup holds of one run. */
export class HeldPrograms implements Disposable {
  readonly #libbpf: Libbpf;
  readonly #cgroup: Fd;
  readonly #own = new Map<string, { fd: number; id: number; type: AttachType }>();

  /** @param cgroup the cgroup's folder, opened; closed with this */
  constructor(libbpf: Libbpf, cgroup: Fd) {
    this.#libbpf = libbpf;
    this.#cgroup = cgroup;
  }

  /**
   * Attaches a program next to what is attached already.
   *
   * @param name the program's name, as the kernel keeps it (at most 15 characters)
   * @param fd the program; must stay open
   * @throws {SyscallError}
   */
  attach(name: string, fd: number, type: AttachType): void {
    const result = this.#libbpf.bpf_prog_attach(fd, this.#cgroup.number, type, BPF_F_ALLOW_MULTI);
    check(`bpf_prog_attach ${name}`, result);
    this.#own.set(name, { fd, id: this.#info(fd).id, type });
  }

  /**
   * Detaches what earlier processes of this run attached under the names of its own programs.
   *
   * @returns how many there were
   * @throws {SyscallError}
   */
  removeOlder(): number {
    return this.#older((name, { fd, type }) => this.#detach(name, fd, type));
  }

  /** Whether an earlier process of this run attached something. @throws {SyscallError} */
  get hasOlder(): boolean {
    return this.#older(() => {}) > 0;
  }

  /** Detaches everything of this run. @throws {SyscallError} */
  removeAll(): void {
    this.removeOlder();
    for (const [name, { fd, type }] of this.#own) this.#detach(name, fd, type);
    this.#own.clear();
  }

  #older(visit: (name: string, program: { fd: number; type: AttachType }) => void): number {
    let count = 0;
    for (const [name, { id, type }] of this.#own) {
      for (const other of this.#attached(type).filter((it) => it !== id)) {
        using fd = new Fd(
          check("bpf_prog_get_fd_by_id", this.#libbpf.bpf_prog_get_fd_by_id(other)),
        );
        if (this.#info(fd.number).name !== name) continue;
        visit(name, { fd: fd.number, type });
        count++;
      }
    }
    return count;
  }

  #attached(type: AttachType): number[] {
    const ids = new Uint32Array(MOST_PROGRAMS);
    const count = new Uint32Array([ids.length]);
    const result = this.#libbpf.bpf_prog_query(this.#cgroup.number, type, 0, null, ids, count);
    check("bpf_prog_query", result);
    return [...ids.subarray(0, count[0])];
  }

  #info(fd: number): { id: number; name: string } {
    const info = new Uint8Array(INFO_SIZE);
    const size = new Uint32Array([info.length]);
    check("bpf_obj_get_info_by_fd", this.#libbpf.bpf_obj_get_info_by_fd(fd, info, size));
    const name = new TextDecoder().decode(info.subarray(INFO_NAME)).replace(/\0.*$/s, "");
    return { id: viewOf(info).getUint32(INFO_ID, true), name };
  }

  #detach(name: string, fd: number, type: AttachType): void {
    // ENOENT: somebody else has detached it.
    if (
      this.#libbpf.bpf_prog_detach2(fd, this.#cgroup.number, type) < 0 && errno() !== Errno.ENOENT
    ) {
      throw new SyscallError(`bpf_prog_detach ${name}`, errno());
    }
  }

  /** Closes the cgroup's folder; what is attached stays. */
  [Symbol.dispose](): void {
    this.#cgroup.close();
  }
}
