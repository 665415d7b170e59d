/**
 * Reads a BPF ring buffer through its memory mapping (kernel/bpf/ringbuf.c): a consumer page that we
 * write, a producer page that we read, then the data, mapped twice in a row so that a record never wraps.
 *
 * @module
 */

import { libc, notNull } from "../ffi/libc.ts";
import { errno } from "../ffi/libc.ts";
import { SyscallError } from "../sys/call.ts";

const PAGE_SIZE_NAME = 30; // _SC_PAGESIZE
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const BUSY = 1 << 31;
const DISCARD = 1 << 30;
const LENGTH = DISCARD - 1;
const HEADER = 8;

/** One ring buffer. Its map's descriptor is readable (epoll) when records wait. */
export class RingBuffer {
  readonly #consumer: BigInt64Array;
  readonly #producer: BigInt64Array;
  readonly #heads: Int32Array;
  readonly #data: Uint8Array;
  readonly #mask: number;

  /**
   * @param fd descriptor of the map
   * @param size its max_entries: bytes, a power of two
   * @throws {SyscallError}
   */
  constructor(readonly fd: number, size: number) {
    const page = Number(libc.sysconf(PAGE_SIZE_NAME));
    this.#consumer = new BigInt64Array(map(fd, page, PROT_READ | PROT_WRITE, 0), 0, 1);
    const rest = map(fd, page + 2 * size, PROT_READ, page);
    this.#producer = new BigInt64Array(rest, 0, 1);
    this.#data = new Uint8Array(rest, page, 2 * size);
    this.#heads = new Int32Array(rest, page, size / 4);
    this.#mask = size - 1;
  }

  /**
   * Hands over every record that is complete.
   *
   * @param take gets bytes that are only valid during the call
   */
  drain(take: (record: Uint8Array) => void): void {
    // Atomics order these reads and writes against the kernel's on the same memory.
    let at = Atomics.load(this.#consumer, 0);
    let end = Atomics.load(this.#producer, 0);
    while (at < end) {
      const offset = Number(at & BigInt(this.#mask));
      const head = Atomics.load(this.#heads, offset / 4);
      if (head & BUSY) return;
      const length = head & LENGTH;
      if (!(head & DISCARD)) {
        take(this.#data.subarray(offset + HEADER, offset + HEADER + length));
      }
      at += BigInt((HEADER + length + 7) & ~7);
      Atomics.store(this.#consumer, 0, at);
      if (at === end) end = Atomics.load(this.#producer, 0);
    }
  }
}

function map(fd: number, size: number, protection: number, offset: number): ArrayBuffer {
  const address = libc.mmap(null, BigInt(size), protection, MAP_SHARED, fd, BigInt(offset));
  if (Deno.UnsafePointer.value(address) === 0xffff_ffff_ffff_ffffn) {
    throw new SyscallError("mmap ring buffer", errno());
  }
  return Deno.UnsafePointerView.getArrayBuffer(notNull(address), size);
}
