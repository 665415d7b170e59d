/**
 * Network devices as rtnetlink tells of them (linux/rtnetlink.h, linux/if_link.h). Sans-I/O. Headers and
 * numbers are host-endian (little on x86-64 and arm64).
 *
 * @module
 */

import { viewOf } from "../bpf/layout.ts";
import {
  decodeAttributes,
  errorCode,
  Flag,
  HEADER,
  nested,
  type RawMessage,
  splitMessages,
  Type,
} from "./message.ts";

const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
/** Size of `struct ifinfomsg` (family at 0, index at 4, flags at 8). */
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
  view.setUint16(6, Flag.REQUEST | Flag.DUMP, true);
  view.setUint32(8, seq, true);
  return bytes;
}

/** Reads one datagram, as {@link splitMessages}. */
export function decodeLinks(bytes: Uint8Array): LinkNews[] {
  return splitMessages(bytes).map(decodeOne).filter((news) => news !== undefined);
}

function decodeOne({ type, body }: RawMessage): LinkNews | undefined {
  const view = viewOf(body);
  if (type === Type.DONE) return { op: "end" };
  if (type === Type.ERROR && body.length >= 4) return { op: "error", code: errorCode(body) };
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
