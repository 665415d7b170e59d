/**
 * The last gate's reports as log lines.
 *
 * @module
 */

import type { LogEvent, ProcessInfo } from "../protocol/mod.ts";
import {
  decodeReport,
  GateMode,
  GateReason,
  type GateReport,
  memoryAttempt,
  MemoryWay,
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
  readonly #isWorker: (thread: number) => boolean;
  readonly #followed = new Map<string, Followed>();
  #unlisted = 0;

  /** @param who describes an owner, and tells threads of the runner's worker from others */
  constructor(
    events: RingBuffer,
    seen: BpfMap,
    who: { describe(owner: Owner): ProcessInfo; isWorker(thread: number): boolean },
    write: (event: LogEvent) => void,
  ) {
    this.#events = events;
    this.#seen = seen;
    this.#describe = who.describe.bind(who);
    this.#isWorker = who.isWorker.bind(who);
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
    const memory = memoryAttempt(report);
    if (memory && !this.#isWorker(memory.thread)) return;
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
      ...(wentThrough(report)
        ? { type: "error" as const }
        : { type: "gate" as const, policy: "deny" as const, reason: "gate" as const }),
      ...describeTarget(report),
      ...(owner && processFields(this.#describe(owner))),
      ...(count > 1 && { count }),
    });
  }
}

/** A denial that could not be carried out. In audit mode nothing is. */
function wentThrough(report: GateReport): boolean {
  return memoryAttempt(report)?.refused === false && report.mode !== GateMode.audit;
}

const WAYS: Record<number, string> = {
  [MemoryWay.ptrace]: " by ptrace",
  [MemoryWay.file]: " by /proc/PID/mem",
  [MemoryWay.vm]: " by process_vm_readv or process_vm_writev",
};

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
  const memory = memoryAttempt(report);
  if (memory) {
    const tried = `memory of the runner's worker${WAYS[memory.way] ?? ""}`;
    if (memory.refused) return { message: `${tried}: refused` };
    return {
      message: wentThrough(report)
        ? `${tried}: not refused, since this kernel lets egress only see it`
        : tried,
    };
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
  if (reason === GateReason.container) {
    return `${protocol} packet of a container, of no socket that is judged`;
  }
  return `${protocol} packet`;
}
