/**
 * A netlink socket.
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
/** Netlink protocols (linux/netlink.h). */
export const NetlinkProtocol = { ROUTE: 0, NETFILTER: 12 } as const;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SO_RCVTIMEO = 20;
const SOL_NETLINK = 270;
const NETLINK_NO_ENOBUFS = 5;

/** `struct sockaddr_nl`: pid 0 is the kernel when sending, "choose one" when binding. */
function address(groups: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_NETLINK, true);
  view.setUint32(8, groups, true);
  return bytes;
}

const KERNEL = address(0);

/** Answers come at once; this only keeps a kernel that never answers from stopping the loop. */
const ANSWER_SECONDS = 1n;

/** Sends to and receives from the kernel. */
export class NetlinkSocket implements Disposable {
  readonly fd: Fd;
  readonly #buffer: Uint8Array<ArrayBuffer>;

  /**
   * @param bufferSize bytes; a longer datagram is cut
   * @param protocol of {@link NetlinkProtocol}
   * @param groups multicast groups to listen to, as a bit mask
   * @throws {SyscallError}
   */
  constructor(bufferSize: number, protocol: number = NetlinkProtocol.NETFILTER, groups = 0) {
    const fd = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    this.fd = new Fd(check(`netlink socket ${protocol}`, fd));
    this.#buffer = new Uint8Array(bufferSize);
    check(`netlink bind ${protocol}`, libc.bind(fd, address(groups), KERNEL.length));
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
    check("send netlink", result);
  }

  /**
   * Takes one datagram without waiting.
   *
   * @returns its messages, valid until the next call; undefined when none waits
   */
  poll(): (Message | ErrorMessage)[] | undefined {
    const bytes = this.pollBytes();
    return bytes && decodeMessages(bytes);
  }

  /** As {@link poll}, before it is decoded. @throws {SyscallError} ENOBUFS when some were lost */
  pollBytes(): Uint8Array<ArrayBuffer> | undefined {
    const size = receive(this.fd.number, this.#buffer);
    return size === undefined ? undefined : this.#buffer.subarray(0, size);
  }

  /** Waits for one datagram, undecoded. @throws {SyscallError} if none comes */
  receiveBytes(): Uint8Array<ArrayBuffer> {
    const size = libc.recv(this.fd.number, this.#buffer, BigInt(this.#buffer.length), 0);
    return this.#buffer.subarray(0, check("recv netlink", size));
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
      const answer = decodeMessages(this.receiveBytes()).find((m) => m.seq === seq);
      if (answer) return answer;
    }
  }

  /**
   * Sends a request for a list.
   *
   * @param take called with each of its messages; they are valid for that call alone
   * @throws {SyscallError} with the kernel's error, or if the list does not come to its end
   */
  list(
    what: string,
    request: Uint8Array<ArrayBuffer>,
    seq: number,
    take: (message: Message) => void,
  ): void {
    this.send(request);
    while (true) {
      for (const message of decodeMessages(this.receiveBytes())) {
        if (message.seq !== seq) continue;
        if (!("code" in message)) take(message);
        else if (message.code !== 0) throw new SyscallError(what, message.code);
        else return;
      }
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
