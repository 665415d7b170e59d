/**
 * Messages of ctnetlink (linux/netfilter/nfnetlink_conntrack.h), IPv4. Sans-I/O.
 *
 * @module
 */

import type { FlowTuple } from "../bpf/layout.ts";
import {
  type Attributes,
  be16,
  be32,
  encodeMessage,
  Flag,
  type Message,
  nested,
  type Outgoing,
  Subsystem,
  uint16,
  uint32,
} from "./message.ts";

const GET = 1;
const DELETE = 2;
const AF_INET = 2;
const Attribute = { TUPLE_ORIG: 1, TUPLE_REPLY: 2, STATUS: 3, MARK: 8, MARK_MASK: 21 } as const;
const Tuple = { IP: 1, PROTO: 2 } as const;
const Ip = { V4_SRC: 1, V4_DST: 2 } as const;
/** enum ip_conntrack_status (linux/netfilter/nf_conntrack_common.h). */
const IPS_DST_NAT = 1 << 5;
const Proto = { NUM: 1, SRC_PORT: 2, DST_PORT: 3 } as const;

function encodeTuple(type: number, flow: FlowTuple): Outgoing {
  return [type, [
    [Tuple.IP, [[Ip.V4_SRC, be32(flow.src)], [Ip.V4_DST, be32(flow.dst)]]],
    [Tuple.PROTO, [
      [Proto.NUM, new Uint8Array([flow.protocol])],
      [Proto.SRC_PORT, be16(flow.srcPort)],
      [Proto.DST_PORT, be16(flow.dstPort)],
    ]],
  ]];
}

/** Asks for the entry whose reply direction is `reply`. */
export function encodeGetByReply(seq: number, reply: FlowTuple): Uint8Array<ArrayBuffer> {
  const head = { subsystem: Subsystem.conntrack, type: GET, seq, family: AF_INET };
  return encodeMessage(head, [encodeTuple(Attribute.TUPLE_REPLY, reply)]);
}

/** Asks for all entries. */
export function encodeList(seq: number): Uint8Array<ArrayBuffer> {
  const head = {
    subsystem: Subsystem.conntrack,
    type: GET,
    seq,
    flags: Flag.DUMP,
    family: AF_INET,
  };
  return encodeMessage(head, []);
}

/** Whether the entry's destination is translated: its flow is redirected. */
export function isRedirected(message: Message): boolean {
  return ((uint32(message.attributes, Attribute.STATUS) ?? 0) & IPS_DST_NAT) !== 0;
}

/** Removes the entry whose original direction is `flow`; wants an acknowledgement. */
export function encodeDelete(seq: number, flow: FlowTuple): Uint8Array<ArrayBuffer> {
  const head = {
    subsystem: Subsystem.conntrack,
    type: DELETE,
    seq,
    flags: Flag.ACK,
    family: AF_INET,
  };
  return encodeMessage(head, [encodeTuple(Attribute.TUPLE_ORIG, flow)]);
}

/** Removes every entry that carries exactly this mark; wants an acknowledgement. */
export function encodeDeleteByMark(seq: number, mark: number): Uint8Array<ArrayBuffer> {
  const head = { subsystem: Subsystem.conntrack, type: DELETE, seq, flags: Flag.ACK };
  return encodeMessage(head, [
    [Attribute.MARK, be32(mark)],
    [Attribute.MARK_MASK, be32(0xffffffff)],
  ]);
}

/** @returns the original direction of an entry, undefined if it is not complete */
export function decodeOriginal(message: Message): FlowTuple | undefined {
  if (message.subsystem !== Subsystem.conntrack) return undefined;
  return decodeTuple(nested(message.attributes, Attribute.TUPLE_ORIG));
}

function decodeTuple(tuple: Attributes): FlowTuple | undefined {
  const ip = nested(tuple, Tuple.IP);
  const proto = nested(tuple, Tuple.PROTO);
  const src = uint32(ip, Ip.V4_SRC);
  const dst = uint32(ip, Ip.V4_DST);
  const protocol = proto.get(Proto.NUM)?.[0];
  const srcPort = uint16(proto, Proto.SRC_PORT);
  const dstPort = uint16(proto, Proto.DST_PORT);
  if (src === undefined || dst === undefined || protocol === undefined) return undefined;
  if (srcPort === undefined || dstPort === undefined) return undefined;
  return { protocol, src, srcPort, dst, dstPort };
}
