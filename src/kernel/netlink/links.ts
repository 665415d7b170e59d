/**
 * Network devices as rtnetlink tells of them (linux/rtnetlink.h, linux/if_link.h). Sans-I/O. Headers and
 * numbers are host-endian (little on x86-64 and arm64).
 *
 * @module
 */

import { viewOf } from "../bpf/layout.ts";
import { decodeAttributes, Flag, nested } from "./message.ts";

const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const NLM_F_DUMP = 0x300;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
/** Sizes of `struct nlmsghdr` and `struct ifinfomsg` (family at 0, index at 4, flags at 8). */
const HEADER = 16;
const INFO = 16;
const IFF_LOOPBACK = 8;
const IFLA = { MASTER: 10, LINKINFO: 18, INFO_KIND: 1 } as const;

/** One network device. */
export interface Link {
  index: number;
  loopback: boolean;
  /** Index of the bridge or bond that it is a port of. */
  master?: number;
  /** `veth`, `bridge`, ...; absent for hardware. */
  kind?: string;
}

/** What a datagram says, in order. */
export type LinkNews =
  | { op: "new"; link: Link }
  | { op: "gone"; index: number }
  | { op: "end" }
  | { op: "error"; code: number };

/** Asks for all devices; answered by `new` for each, then `end`. */
export function encodeListLinks(seq: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER + INFO);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, RTM_GETLINK, true);
  view.setUint16(6, Flag.REQUEST | NLM_F_DUMP, true);
  view.setUint32(8, seq, true);
  return bytes;
}

/** Reads one datagram. What is cut short or does not add up ends the list. */
export function decodeLinks(bytes: Uint8Array): LinkNews[] {
  const news: LinkNews[] = [];
  const view = viewOf(bytes);
  let at = 0;
  while (at + HEADER <= bytes.length) {
    const size = view.getUint32(at, true);
    if (size < HEADER || at + size > bytes.length) break;
    const item = decodeOne(view.getUint16(at + 4, true), bytes.subarray(at + HEADER, at + size));
    if (item) news.push(item);
    at += (size + 3) & ~3;
  }
  return news;
}

function decodeOne(type: number, body: Uint8Array): LinkNews | undefined {
  const view = viewOf(body);
  if (type === NLMSG_DONE) return { op: "end" };
  if (type === NLMSG_ERROR && body.length >= 4) {
    return { op: "error", code: Math.abs(view.getInt32(0, true)) };
  }
  // Of another family than AF_UNSPEC: news of a bridge about its ports, not of the device.
  if (body.length < INFO || body[0] !== 0) return undefined;
  const index = view.getInt32(4, true);
  if (type === RTM_DELLINK) return { op: "gone", index };
  if (type !== RTM_NEWLINK) return undefined;
  const attributes = decodeAttributes(body.subarray(INFO));
  const master = attributes.get(IFLA.MASTER);
  const kind = nested(attributes, IFLA.LINKINFO).get(IFLA.INFO_KIND);
  return {
    op: "new",
    link: {
      index,
      loopback: (view.getUint32(8, true) & IFF_LOOPBACK) !== 0,
      ...(master && master.length >= 4 && { master: viewOf(master).getUint32(0, true) }),
      ...(kind && { kind: new TextDecoder().decode(kind).replace(/\0.*$/s, "") }),
    },
  };
}
