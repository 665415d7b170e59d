/**
 * Decodes and encodes the layouts of bpf/shared.h. Sans-I/O. Both machines that egress runs on
 * are little-endian; addresses and packet ports are in network order.
 *
 * @module
 */

import type { Marks } from "../../protocol/mod.ts";
import { formatAddress } from "../packet/address.ts";

/** IP protocol numbers. */
export const Protocol = { ICMP: 1, TCP: 6, UDP: 17, ICMPV6: 58 } as const;

/** One direction of a flow. Addresses are 0..2^32-1, most significant byte first. */
export interface FlowTuple {
  protocol: number;
  src: number;
  srcPort: number;
  dst: number;
  dstPort: number;
}

/** `struct owner`. Times are ns since boot. */
export interface Owner {
  pid: number;
  start: bigint;
  cgroup: bigint;
  at: bigint;
  /** It was in another network namespace than the machine's: in a container, or on behalf of one. */
  inner?: boolean;
}

export const FLOW_KEY_SIZE = 16;
export const OWNER_SIZE = 32;
export const STATS_SIZE = 32;
export const REPORT_SEEN_SIZE = 16;
export const SETTINGS_SIZE = 32;
const REPORT_KEY_SIZE = 24;
const REPORT_SIZE = 64;

/** Encodes `struct flow_key`. */
export function encodeFlowKey(flow: FlowTuple): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(FLOW_KEY_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, flow.src);
  view.setUint32(4, flow.dst);
  view.setUint16(8, flow.srcPort);
  view.setUint16(10, flow.dstPort);
  view.setUint32(12, flow.protocol, true);
  return bytes;
}

/** Decodes `struct owner`. */
export function decodeOwner(bytes: Uint8Array): Owner {
  const view = viewOf(bytes);
  return {
    start: view.getBigUint64(0, true),
    cgroup: view.getBigUint64(8, true),
    at: view.getBigUint64(16, true),
    pid: view.getUint32(24, true),
    inner: view.getUint32(28, true) !== 0,
  };
}

/** Why the gate reports; `enum gate_reason`. */
export const GateReason = {
  packet: 1,
  ipv6: 2,
  socket: 3,
  left: 4,
  frames: 5,
  call: 6,
  forwarded: 7,
  memory: 8,
  container: 9,
} as const;

/** Which call a report of reason `call` is about, in the place of the protocol; `enum refused_call`. */
export const RefusedCall = { bpf: 1, socket: 2, getfd: 3, option: 4 } as const;

/** How a report of reason `memory` was tried, in the place of the protocol; `enum memory_way`. */
export const MemoryWay = { any: 0, ptrace: 1, file: 2, vm: 3 } as const;

/** Modes of the gate; `enum gate_mode`. */
export const GateMode = { closed: 0, enforce: 1, audit: 2 } as const;

/** `struct report`. */
export interface GateReport {
  /** The bytes that make it the same report as another one: key of the map `reports_seen`. */
  key: Uint8Array<ArrayBuffer>;
  dst: string;
  dstPort: number;
  srcPort: number;
  protocol: number;
  reason: number;
  family: number;
  mode: number;
  /** How many there were since the last report of this key. */
  count: number;
  at: bigint;
  /** Absent if nobody is known. */
  owner?: Owner;
}

/** @returns undefined if the record is too short */
export function decodeReport(bytes: Uint8Array): GateReport | undefined {
  if (bytes.length < REPORT_SIZE) return undefined;
  const view = viewOf(bytes);
  const pid = view.getUint32(16, true);
  const at = view.getBigUint64(48, true);
  const report: GateReport = {
    key: bytes.slice(0, REPORT_KEY_SIZE),
    dst: formatAddress(bytes.subarray(0, 16)),
    dstPort: view.getUint16(20),
    protocol: bytes[22]!,
    reason: bytes[23]!,
    count: Number(view.getBigUint64(40, true)),
    at,
    srcPort: view.getUint16(56),
    family: view.getUint16(58, true),
    mode: view.getUint32(60, true),
  };
  if (pid !== 0) {
    const start = view.getBigUint64(24, true);
    report.owner = { pid, start, cgroup: view.getBigUint64(32, true), at };
  }
  return report;
}

/** What a report of reason `memory` says. */
export interface MemoryAttempt {
  /** The thread whose memory it was, 1..2^22. */
  thread: number;
  /** One of {@link MemoryWay}. */
  way: number;
  refused: boolean;
}

/** @returns undefined if the report is about something else */
export function memoryAttempt(report: GateReport): MemoryAttempt | undefined {
  if (report.reason !== GateReason.memory) return undefined;
  const thread = viewOf(report.key).getUint32(0, true);
  return { thread, way: report.protocol, refused: report.dstPort !== 0 };
}

/** Sums of `struct stats` over all CPUs. */
export interface GateStats {
  passed: number;
  dropped: number;
  reported: number;
  lost: number;
}

/** @param bytes the per-CPU values, one after the other */
export function decodeStats(bytes: Uint8Array): GateStats {
  const view = viewOf(bytes);
  const stats = { passed: 0, dropped: 0, reported: 0, lost: 0 };
  for (let at = 0; at + STATS_SIZE <= bytes.length; at += STATS_SIZE) {
    stats.passed += Number(view.getBigUint64(at, true));
    stats.dropped += Number(view.getBigUint64(at + 8, true));
    stats.reported += Number(view.getBigUint64(at + 16, true));
    stats.lost += Number(view.getBigUint64(at + 24, true));
  }
  return stats;
}

/** `struct settings`: what the hook at the uplinks must know. */
export interface Settings {
  scopeId: bigint;
  machine: boolean;
  /** Inode of the network namespace. */
  netns: bigint;
  /** Inode of this process's pid namespace. */
  pidns: bigint;
  /** Of containers' packets; none are marked where a scope has no containers. */
  marks?: Pick<Marks, "container" | "inside"> | undefined;
}

/** Encodes `struct settings`. */
export function encodeSettings(settings: Settings): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(SETTINGS_SIZE);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, settings.scopeId, true);
  view.setUint32(8, settings.machine ? 1 : 0, true);
  view.setUint32(12, Number(settings.netns), true);
  view.setUint32(16, Number(settings.pidns), true);
  view.setUint32(20, settings.marks?.container ?? 0, true);
  view.setUint32(24, settings.marks?.inside ?? 0, true);
  return bytes;
}

/** A view of exactly these bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
