/**
 * Messages of NFQUEUE (linux/netfilter/nfnetlink_queue.h). Sans-I/O.
 *
 * @module
 */

import { viewOf } from "../bpf/layout.ts";
import { be16, be32, encodeMessage, Flag, type Message, Subsystem, uint32 } from "./message.ts";

const PACKET = 0;
const VERDICT = 1;
const CONFIG = 2;

const Attribute = { PACKET_HDR: 1, VERDICT_HDR: 2, MARK: 3, PAYLOAD: 10 } as const;
const Config = { CMD: 1, PARAMS: 2, QUEUE_MAXLEN: 3, MASK: 4, FLAGS: 5 } as const;
const CMD_BIND = 1;
const COPY_PACKET = 2;
/** NFQA_CFG_F_GSO: hand over large packets as they are; the stack splits them later. */
const F_GSO = 4;

/** What becomes of a packet (linux/netfilter.h). */
export const Verdict = { DROP: 0, ACCEPT: 1, REPEAT: 4 } as const;

/** A packet that waits for its verdict. */
export interface QueuedPacket {
  id: number;
  /** 0 if it has none. */
  mark: number;
  /** From the IP header on, possibly cut. Valid only until the next receive. */
  payload: Uint8Array;
}

/** @returns undefined if the message is no packet or lacks a part */
export function decodePacket(message: Message): QueuedPacket | undefined {
  if (message.subsystem !== Subsystem.queue || message.type !== PACKET) return undefined;
  const header = message.attributes.get(Attribute.PACKET_HDR);
  if (!header || header.length < 7) return undefined;
  return {
    id: viewOf(header).getUint32(0),
    mark: uint32(message.attributes, Attribute.MARK) ?? 0,
    payload: message.attributes.get(Attribute.PAYLOAD) ?? new Uint8Array(0),
  };
}

/**
 * The messages that bind a queue, each wants an acknowledgement. The copy mode is last: packets come
 * from then on.
 *
 * @param queue 0..65535
 * @param length packets that may wait
 * @param copy bytes of each packet that are wanted, at most 65531
 */
export function encodeBind(queue: number, length: number, copy: number): Uint8Array<ArrayBuffer>[] {
  const command = new Uint8Array([CMD_BIND, 0, ...be16(0)]);
  const params = new Uint8Array([...be32(copy), COPY_PACKET]);
  const head = { subsystem: Subsystem.queue, type: CONFIG, flags: Flag.ACK, resource: queue };
  return [
    encodeMessage({ ...head, seq: 1 }, [[Config.CMD, command]]),
    encodeMessage({ ...head, seq: 2 }, [[Config.QUEUE_MAXLEN, be32(length)]]),
    encodeMessage({ ...head, seq: 3 }, [[Config.FLAGS, be32(F_GSO)], [Config.MASK, be32(F_GSO)]]),
    encodeMessage({ ...head, seq: 4 }, [[Config.PARAMS, params]]),
  ];
}

/**
 * A verdict for one packet.
 *
 * @param verdict of {@link Verdict}
 * @param mark set on the packet if not 0
 */
export function encodeVerdict(
  queue: number,
  id: number,
  verdict: number,
  mark: number,
): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array([...be32(verdict), ...be32(id)]);
  const head = { subsystem: Subsystem.queue, type: VERDICT, seq: 0, resource: queue };
  const marked: [number, Uint8Array][] = mark === 0 ? [] : [[Attribute.MARK, be32(mark)]];
  return encodeMessage(head, [[Attribute.VERDICT_HDR, header], ...marked]);
}
