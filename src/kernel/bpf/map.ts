/**
 * BPF maps by descriptor.
 *
 * @module
 */

import type { Libbpf } from "../ffi/libbpf.ts";
import { errno } from "../ffi/libc.ts";
import { Errno, SyscallError } from "../sys/call.ts";

/** One map. Keys and values are bytes of the sizes that bpf/shared.h gives them. */
export class BpfMap {
  readonly #value: Uint8Array<ArrayBuffer>;

  /** @param valueSize bytes of one value; for a per-CPU map of all of them, each rounded up to 8 */
  constructor(
    readonly libbpf: Libbpf,
    readonly name: string,
    readonly fd: number,
    valueSize: number,
  ) {
    this.#value = new Uint8Array(valueSize);
  }

  /**
   * @returns the value, in a buffer that the next call re-uses, or undefined if there is none
   * @throws {SyscallError}
   */
  get(key: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
    if (this.libbpf.bpf_map_lookup_elem(this.fd, key, this.#value) === 0) return this.#value;
    if (errno() === Errno.ENOENT) return undefined;
    throw new SyscallError(`bpf_map_lookup_elem ${this.name}`, errno());
  }

  /** @throws {SyscallError} */
  set(key: Uint8Array<ArrayBuffer>, value: Uint8Array<ArrayBuffer>): void {
    if (this.libbpf.bpf_map_update_elem(this.fd, key, value, 0n) < 0) {
      throw new SyscallError(`bpf_map_update_elem ${this.name}`, errno());
    }
  }

  /** Removes a key if it is there. @throws {SyscallError} */
  delete(key: Uint8Array<ArrayBuffer>): void {
    if (this.libbpf.bpf_map_delete_elem(this.fd, key) < 0 && errno() !== Errno.ENOENT) {
      throw new SyscallError(`bpf_map_delete_elem ${this.name}`, errno());
    }
  }
}
