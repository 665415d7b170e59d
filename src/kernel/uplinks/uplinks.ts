/**
 * The gate at the uplinks: its program on every device by which packets leave, also on those that come later.
 *
 * @module
 */

import { decodeLinks, encodeListLinks, type Link } from "../netlink/links.ts";
import { NetlinkProtocol, NetlinkSocket } from "../netlink/socket.ts";
import { Errno, SyscallError } from "../sys/call.ts";
import { type Epoll, Ready } from "../sys/epoll.ts";
import type { Fd } from "../sys/fd.ts";

/** RTNLGRP_LINK as a bit. */
const NEWS_OF_LINKS = 1;
const BUFFER = 32768;

/** What the devices are given. */
export interface UplinkParts {
  /** Attaches the gate to a device and pins the link. @throws {SyscallError} */
  attach(device: number): Fd;
  /** Attaches to a container's port of a bridge what tells who sends by it, likewise. @throws {SyscallError} */
  attachPort(device: number, bridge: number): Fd;
  /** Removes the pin of a device that is gone, or no uplink any more. */
  unpin(device: number): void;
  /** Notes whether a device is a bridge of a guarded machine. @throws {SyscallError} */
  inner(device: number, is: boolean): void;
  epoll: Epoll;
  /** The whole machine, so that forwarded packets are judged too: its bridges' ports are none. */
  machine: boolean;
}

/** Keeps the program on the devices. */
export class Uplinks {
  readonly #parts: UplinkParts;
  readonly #socket = new NetlinkSocket(BUFFER, NetlinkProtocol.ROUTE, NEWS_OF_LINKS);
  readonly #links = new Map<number, Attached>();
  readonly #inner = new Set<number>();

  /**
   * Attaches to every uplink that there is.
   *
   * @throws {SyscallError} EINVAL if the kernel has no TCX
   */
  constructor(parts: UplinkParts) {
    this.#parts = parts;
    parts.epoll.add(this.#socket.fd.number, Ready.IN, () => this.#read());
    try {
      this.#list();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** How many devices have the gate. */
  get size(): number {
    return [...this.#links.values()].filter(({ bridge }) => bridge === undefined).length;
  }

  /** Lets go of the devices; what is pinned stays attached. */
  close(): void {
    this.#parts.epoll.remove(this.#socket.fd.number);
    this.#socket[Symbol.dispose]();
    for (const { link } of this.#links.values()) link.close();
    this.#links.clear();
  }

  /** Asks for all devices and takes in what comes until the list's end. */
  #list(): void {
    this.#socket.send(encodeListLinks(1));
    while (!this.#take(this.#socket.receiveBytes()));
  }

  #read(): void {
    try {
      for (let bytes = this.#socket.pollBytes(); bytes; bytes = this.#socket.pollBytes()) {
        this.#take(bytes);
      }
    } catch (error) {
      if (!(error instanceof SyscallError && error.code === Errno.ENOBUFS)) throw error;
      // More news than the socket holds: the list has it all.
      this.#list();
    }
  }

  /** @returns whether a list has come to its end */
  #take(bytes: Uint8Array): boolean {
    let ended = false;
    for (const news of decodeLinks(bytes)) {
      if (news.op === "new") this.#see(news.link);
      else if (news.op === "gone") this.#gone(news.index);
      else ended = true;
    }
    return ended;
  }

  #see(link: Link): void {
    this.#noteInner(link.index, this.#parts.machine && link.kind === "bridge");
    const place = placeOf(link, this.#parts.machine);
    const has = this.#links.get(link.index);
    if (has && place && has.bridge === place.bridge) return;
    this.#drop(link.index);
    if (place) this.#attach(link.index, place.bridge);
  }

  #attach(index: number, bridge: number | undefined): void {
    try {
      const link = bridge === undefined
        ? this.#parts.attach(index)
        : this.#parts.attachPort(index, bridge);
      this.#links.set(index, { link, bridge });
    } catch (error) {
      // Gone again since the news was sent.
      if (!(error instanceof SyscallError && error.code === Errno.ENODEV)) throw error;
    }
  }

  #gone(index: number): void {
    this.#noteInner(index, false);
    this.#drop(index);
  }

  #noteInner(index: number, is: boolean): void {
    if (this.#inner.has(index) === is) return;
    this.#parts.inner(index, is);
    if (is) this.#inner.add(index);
    else this.#inner.delete(index);
  }

  #drop(index: number): void {
    const attached = this.#links.get(index);
    if (!attached) return;
    attached.link.close();
    this.#links.delete(index);
    this.#parts.unpin(index);
  }
}

interface Attached {
  link: Fd;
  bridge: number | undefined;
}

/**
 * What a device needs. For a run every device but loopback is an uplink, since only the scope's own packets are judged
 * there. For a whole machine the inner side of its bridges is none: bridges, and veth devices from when they
 * join one, which makes them a container's port. A veth device on its own may lead anywhere.
 *
 * @param machine whether the whole machine is guarded
 * @returns `bridge` where it is a container's port; undefined if the device needs nothing
 */
export function placeOf(link: Link, machine: boolean): { bridge: number | undefined } | undefined {
  if (link.loopback) return undefined;
  if (machine && link.kind === "bridge") return undefined;
  const { kind, master } = link;
  return { bridge: machine && kind === "veth" ? master : undefined };
}
