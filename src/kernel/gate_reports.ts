/**
 * The last gate's reports as log lines.
 *
 * @module
 */

import type { LogEvent, ProcessInfo } from "../protocol/mod.ts";
import {
  decodeReport,
  GateReason,
  type GateReport,
  type Owner,
  Protocol,
  RefusedCall,
  viewOf,
} from "./bpf/layout.ts";
import type { BpfMap } from "./bpf/map.ts";
import type { RingBuffer } from "./bpf/ringbuf.ts";
import { processFields } from "./link/log.ts";

/** The programs send the same report once a second (bpf/report.h); a bit later its count is final. */
const COUNT_MS = 1100;
/** Different reports that are followed at a time. */
const LIMIT = 1024;

interface Followed {
  report: GateReport;
  due: number;
}

/** Turns reports into log lines and asks for the counts of what was not reported singly. */
export class GateReports {
  readonly #events: RingBuffer;
  readonly #seen: BpfMap;
  readonly #describe: (owner: Owner) => ProcessInfo;
  readonly #write: (event: LogEvent) => void;
  readonly #followed = new Map<string, Followed>();
  #unlisted = 0;

  constructor(
    events: RingBuffer,
    seen: BpfMap,
    describe: (owner: Owner) => ProcessInfo,
    write: (event: LogEvent) => void,
  ) {
    this.#events = events;
    this.#seen = seen;
    this.#describe = describe;
    this.#write = write;
  }

  /** Whether `tick` has something to do later. */
  get waiting(): boolean {
    return this.#followed.size > 0 || this.#unlisted > 0;
  }

  /** Writes a line for each report that waits. @param now ms since boot */
  drain(now: number): void {
    this.#events.drain((record) => {
      const report = decodeReport(record);
      if (report) this.#take(report, now);
    });
  }

  /** Writes the counts that are due. @param now ms since boot */
  tick(now: number): void {
    for (const [key, { report, due }] of this.#followed) {
      if (due > now) continue;
      this.#followed.delete(key);
      const value = this.#seen.get(report.key);
      const count = value ? Number(viewOf(value).getBigUint64(8, true)) : 0;
      this.#seen.delete(report.key);
      if (count > 0) this.#log(report, count);
    }
    if (this.#unlisted === 0) return;
    const message = "more reports of the gate than the log lists each second";
    this.#write({
      ts: new Date().toISOString(),
      type: "gate",
      policy: "deny",
      reason: "gate",
      count: this.#unlisted,
      message,
    });
    this.#unlisted = 0;
  }

  #take(report: GateReport, now: number): void {
    if (this.#followed.size >= LIMIT) {
      this.#unlisted += report.count;
      return;
    }
    this.#followed.set(report.key.join(), { report, due: now + COUNT_MS });
    this.#log(report, report.count);
  }

  #log(report: GateReport, count: number): void {
    const { owner } = report;
    this.#write({
      ts: new Date().toISOString(),
      type: "gate",
      policy: "deny",
      reason: "gate",
      ...describeTarget(report),
      ...(owner && processFields(this.#describe(owner))),
      ...(count > 1 && { count }),
    });
  }
}

/** What was refused, in words. */
const CALLS: Record<number, string> = {
  [RefusedCall.bpf]: "bpf refused: a command that takes hold of loaded programs",
  [RefusedCall.socket]: "socket refused: a family that the gate cannot judge",
  [RefusedCall.getfd]: "pidfd_getfd refused: a descriptor of another process",
  [RefusedCall.option]: "setsockopt refused: an option of packet sockets",
};

const NAMES: Record<number, string> = {
  [Protocol.ICMP]: "icmp",
  [Protocol.TCP]: "tcp",
  [Protocol.UDP]: "udp",
  [Protocol.ICMPV6]: "icmpv6",
};

/** What the report is about, as log fields. Exported for its test. */
export function describeTarget(report: GateReport): Partial<LogEvent> {
  if (report.reason === GateReason.call) {
    return { message: CALLS[report.protocol] ?? "call refused" };
  }
  const name = NAMES[report.protocol] ?? `protocol ${report.protocol}`;
  if (report.reason === GateReason.socket) return { message: `socket refused: ${name}` };
  if (report.reason === GateReason.left) {
    return { message: `socket refused: the process left the scope's cgroup (${name})` };
  }
  if (report.reason === GateReason.frames) {
    return { message: "packet socket refused: the process was ended" };
  }
  const ports = report.protocol === Protocol.TCP || report.protocol === Protocol.UDP;
  return {
    dst_ip: report.dst,
    ...(ports && report.dstPort > 0 && { dst_port: report.dstPort }),
    ...(ports && report.srcPort > 0 && { src_port: report.srcPort }),
    message: packetMessage(report.reason, name),
  };
}

function packetMessage(reason: number, protocol: string): string {
  if (reason === GateReason.ipv6) return `${protocol} over IPv6 refused`;
  if (reason === GateReason.forwarded) return `${protocol} packet, forwarded`;
  return `${protocol} packet`;
}
