/**
 * IPv4 and UDP headers (RFC 791, RFC 768). Sans-I/O.
 *
 * @module
 */

import { type FlowTuple, Protocol, viewOf } from "../bpf/layout.ts";

/** A UDP datagram as it was about to leave. */
export interface Datagram {
  flow: FlowTuple;
  /** What could be read of its data. */
  payload: Uint8Array;
  /** Whether `payload` is all of it. */
  complete: boolean;
}

const IP_HEADER = 20;
const UDP_HEADER = 8;
const FRAGMENT_OFFSET = 0x1fff;

/**
 * Reads a packet from its IP header on.
 *
 * @returns undefined unless it is a UDP datagram with a whole header (a later fragment is not)
 */
export function decodeDatagram(packet: Uint8Array): Datagram | undefined {
  if (packet.length < IP_HEADER) return undefined;
  const view = viewOf(packet);
  const header = (packet[0]! & 15) * 4;
  if (packet[0]! >> 4 !== 4 || header < IP_HEADER) return undefined;
  if (packet[9] !== Protocol.UDP || packet.length < header + UDP_HEADER) return undefined;
  if (view.getUint16(6) & FRAGMENT_OFFSET) return undefined;
  const length = view.getUint16(header + 4);
  if (length < UDP_HEADER) return undefined;
  const data = packet.subarray(header + UDP_HEADER, header + length);
  return {
    flow: {
      protocol: Protocol.UDP,
      src: view.getUint32(12),
      dst: view.getUint32(16),
      srcPort: view.getUint16(header),
      dstPort: view.getUint16(header + 2),
    },
    payload: data,
    complete: data.length === length - UDP_HEADER,
  };
}
