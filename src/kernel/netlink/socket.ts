/**
 * A NETLINK_NETFILTER socket.
 *
 * @module
 */

import { libc } from "../ffi/libc.ts";
import { check, Errno, SyscallError } from "../sys/call.ts";
import { Fd, receive } from "../sys/fd.ts";
import { decodeMessages, type ErrorMessage, type Message } from "./message.ts";

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const NETLINK_NETFILTER = 12;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SO_RCVTIMEO = 20;
const SOL_NETLINK = 270;
const NETLINK_NO_ENOBUFS = 5;

/** `struct sockaddr_nl`: pid 0 is the kernel when sending, "choose one" when binding. */
const KERNEL = new Uint8Array(12);
new DataView(KERNEL.buffer).setUint16(0, AF_NETLINK, true);

/** Answers come at once; this only keeps a kernel that never answers from stopping the loop. */
const ANSWER_SECONDS = 1n;

/** Sends to and receives from nfnetlink. */
export class NetlinkSocket implements Disposable {
  readonly fd: Fd;
  readonly #buffer: Uint8Array<ArrayBuffer>;

  /**
   * @param bufferSize bytes; a longer datagram is cut
   * @throws {SyscallError}
   */
  constructor(bufferSize: number) {
    const fd = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    this.fd = new Fd(check("socket NETLINK_NETFILTER", fd));
    this.#buffer = new Uint8Array(bufferSize);
    check("bind NETLINK_NETFILTER", libc.bind(fd, KERNEL, KERNEL.length));
    const timeout = new BigInt64Array([ANSWER_SECONDS, 0n]);
    this.#option(SOL_SOCKET, SO_RCVTIMEO, new Uint8Array(timeout.buffer));
  }

  /** Never fails for a burst: what does not fit is dropped by the kernel, as closed as it gets. */
  growReceiveBuffer(bytes: number): void {
    this.#option(SOL_SOCKET, SO_RCVBUFFORCE, new Uint8Array(new Int32Array([bytes]).buffer));
    this.#option(SOL_NETLINK, NETLINK_NO_ENOBUFS, new Uint8Array(new Int32Array([1]).buffer));
  }

  #option(level: number, name: number, value: Uint8Array<ArrayBuffer>): void {
    const result = libc.setsockopt(this.fd.number, level, name, value, value.length);
    check(`setsockopt ${level}/${name}`, result);
  }

  /** @throws {SyscallError} */
  send(bytes: Uint8Array<ArrayBuffer>): void {
    const size = BigInt(bytes.length);
    const result = libc.sendto(this.fd.number, bytes, size, 0, KERNEL, KERNEL.length);
    check("send NETLINK_NETFILTER", result);
  }

  /**
   * Takes one datagram without waiting.
   *
   * @returns its messages, valid until the next call; undefined when none waits
   */
  poll(): (Message | ErrorMessage)[] | undefined {
    const size = receive(this.fd.number, this.#buffer);
    return size === undefined ? undefined : decodeMessages(this.#buffer.subarray(0, size));
  }

  /**
   * Sends a request and waits for what answers it.
   *
   * @param seq the request's sequence number; other answers are left-overs and skipped
   * @throws {SyscallError} if no answer comes
   */
  ask(request: Uint8Array<ArrayBuffer>, seq: number): Message | ErrorMessage {
    this.send(request);
    while (true) {
      const size = libc.recv(this.fd.number, this.#buffer, BigInt(this.#buffer.length), 0);
      const length = check("recv NETLINK_NETFILTER", size);
      const answer = decodeMessages(this.#buffer.subarray(0, length)).find((m) => m.seq === seq);
      if (answer) return answer;
    }
  }

  /**
   * Sends a request that only wants an acknowledgement.
   *
   * @throws {SyscallError} with the kernel's error
   */
  command(what: string, request: Uint8Array<ArrayBuffer>, seq: number): void {
    const answer = this.ask(request, seq);
    if ("code" in answer && answer.code !== 0) throw new SyscallError(what, answer.code);
  }

  [Symbol.dispose](): void {
    this.fd.close();
  }
}

/** Whether the kernel said that there is no such thing. */
export function isNotFound(error: unknown): boolean {
  return error instanceof SyscallError && error.code === Errno.ENOENT;
}
