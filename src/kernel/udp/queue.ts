/**
 * The NFQUEUE side: one verdict for each UDP packet that has no allowed flow yet.
 *
 * @module
 */

import type { DenyReason, LogEvent, Marks, ProcessInfo, Verdict } from "../../protocol/mod.ts";
import type { FlowTuple } from "../bpf/layout.ts";
import type { Engine } from "../link/engine.ts";
import { processFields, Repetitions } from "../link/log.ts";
import { denied } from "../link/verdict.ts";
import { concat } from "../netlink/message.ts";
import {
  decodePacket,
  encodeBind,
  encodeVerdict,
  type QueuedPacket,
  Verdict as Fate,
} from "../netlink/nfqueue.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import { formatIpv4 } from "../packet/address.ts";
import { isDnsQuery } from "../packet/dns.ts";
import { type Datagram, decodeDatagram } from "../packet/ipv4.ts";
import type { Attribution } from "../process/attribution.ts";
import { bootMillis } from "../sys/clock.ts";
import { SyscallError } from "../sys/call.ts";
import type { AllowedFlows } from "./allowed.ts";
import { Parking } from "./parking.ts";

const DNS_PORT = 53;
/** Bytes of a packet that are looked at: no DNS query is longer. */
const COPY = 4160;
const LENGTH = 8192;
const RECEIVE_BUFFER = 16 * 1024 * 1024;
/** Datagrams handled before others get their turn. */
const BATCH = 64;
/** Lifetime of an allowed flow when the verdict has none, seconds. */
const DEFAULT_TTL = 60;
/** The packet that was asked about must still get past the gate, seconds. */
const SHORTEST_TTL = 1;

/** What the queue works with. */
export interface QueueParts {
  engine: Engine;
  attribution: Attribution;
  allowed: AllowedFlows;
  write(event: LogEvent): void;
}

/** Counts since the start. */
export interface QueueStats {
  packets: number;
  allowed: number;
  denied: number;
}

/** The bound queue. */
export class UdpQueue {
  readonly stats: QueueStats = { packets: 0, allowed: 0, denied: 0 };
  /**
   * `closed` drops everything without asking; `audit` lets pass what this process itself finds wrong,
   * but not what nobody could judge.
   */
  mode: "enforce" | "audit" | "closed" = "closed";
  readonly #socket = new NetlinkSocket(16384);
  readonly #queue: number;
  readonly #marks: Marks;
  readonly #parts: QueueParts;
  readonly #parking = new Parking();
  readonly #denials: Repetitions;
  #verdicts: Uint8Array[] = [];

  /**
   * @param queue 0..65535
   * @throws {SyscallError} EPERM or EBUSY if another process has that queue
   */
  constructor(queue: number, marks: Marks, parts: QueueParts) {
    this.#queue = queue;
    this.#marks = marks;
    this.#parts = parts;
    this.#denials = new Repetitions(parts.write);
    this.#socket.growReceiveBuffer(RECEIVE_BUFFER);
    encodeBind(queue, LENGTH, COPY).forEach((message, i) => {
      this.#socket.command(`bind NFQUEUE ${queue}`, message, i + 1);
    });
  }

  /** For epoll. */
  get fd(): number {
    return this.#socket.fd.number;
  }

  /** Whether `tick` has something to do later. */
  get waiting(): boolean {
    return this.#parking.size > 0 || this.#denials.waiting;
  }

  /** Handles packets that wait. */
  handle(): void {
    for (let i = 0; i < BATCH; i++) {
      const messages = this.#socket.poll();
      if (!messages) break;
      for (const message of messages) {
        const packet = "code" in message ? undefined : decodePacket(message);
        if (packet) this.#packet(packet);
      }
    }
    this.flush();
  }

  /** Sends the verdicts that were given. */
  flush(): void {
    if (this.#verdicts.length === 0) return;
    const batch = concat(this.#verdicts);
    this.#verdicts = [];
    this.#socket.send(batch);
  }

  /** Denies what waited too long, and writes counts. @param now ms since boot */
  tick(now: number): void {
    for (const parked of this.#parking.overdue(now)) {
      this.#deny(parked.flow, parked.packets, denied("unavailable"), this.#who(parked.flow));
    }
    this.#denials.tick(now);
    this.flush();
  }

  close(): void {
    this.#socket[Symbol.dispose]();
  }

  #packet(packet: QueuedPacket): void {
    this.stats.packets++;
    const { allow, deny, dns } = this.#marks;
    const { mark } = packet;
    // Only this process gives marks, and a packet with one skips the queue: this one is forged.
    const forged = mark !== 0 && (mark === allow || mark === deny || mark === dns);
    const datagram = decodeDatagram(packet.payload);
    if (datagram && this.mode !== "closed" && !forged) return this.#datagram(packet.id, datagram);
    this.stats.denied++;
    this.#fate(packet.id, Fate.DROP, 0);
    if (datagram) this.#logDenied(datagram.flow, denied(forged ? "gate" : "unavailable"), {});
  }

  #datagram(id: number, datagram: Datagram): void {
    const { flow } = datagram;
    if (datagram.complete && isDnsQuery(datagram.payload)) {
      this.#fate(id, Fate.REPEAT, this.#marks.dns);
    } else if (flow.dstPort === DNS_PORT) {
      this.#deny(flow, [id], denied("malformed"), this.#who(flow));
    } else if (this.#parts.allowed.has(flow, bootMillis())) {
      this.#fate(id, Fate.REPEAT, this.#marks.allow);
    } else {
      this.#park(id, flow);
    }
  }

  #park(id: number, flow: FlowTuple): void {
    const result = this.#parking.park(flow, id, bootMillis());
    if (result === "added") return;
    const who = this.#who(flow);
    if (result === "full") return this.#deny(flow, [id], denied("unavailable"), who);
    if (!who) {
      this.#parking.release(flow);
      return this.#deny(flow, [id], denied("unattributed"), undefined);
    }
    const event = { type: "udp", ...target(flow), ...who } as const;
    this.#parts.engine.judge(event, (verdict) => this.#judged(flow, verdict, who));
  }

  #judged(flow: FlowTuple, verdict: Verdict, who: ProcessInfo): void {
    const parked = this.#parking.release(flow);
    if (!parked) return;
    if (!verdict.pass) {
      this.#parts.allowed.revoke(flow);
      return this.#deny(flow, parked.packets, verdict, who);
    }
    const ttl = Math.max(verdict.ttl ?? DEFAULT_TTL, SHORTEST_TTL);
    if (!this.#allow(flow, parked.packets, ttl)) {
      return this.#deny(flow, parked.packets, denied("unavailable"), who);
    }
    this.#parts.write(logLine(flow, verdict, who));
  }

  /** @returns false if the gate takes no more flows */
  #allow(flow: FlowTuple, ids: number[], ttl: number): boolean {
    try {
      this.#parts.allowed.add(flow, bootMillis() + ttl * 1000);
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      return false;
    }
    for (const id of ids) this.#fate(id, Fate.REPEAT, this.#marks.allow);
    this.stats.allowed += ids.length;
    return true;
  }

  #deny(flow: FlowTuple, ids: number[], verdict: Verdict, who: ProcessInfo | undefined): void {
    this.#logDenied(flow, verdict, who ?? {});
    const passes = this.mode === "audit" && verdict.reason !== "unavailable";
    if (passes && this.#allow(flow, ids, DEFAULT_TTL)) return;
    this.stats.denied += ids.length;
    for (const id of ids) this.#fate(id, Fate.REPEAT, this.#marks.deny);
  }

  #logDenied(flow: FlowTuple, verdict: Verdict, who: ProcessInfo): void {
    const key = `${who.pid}>${flow.dst}:${flow.dstPort} ${verdict.reason}`;
    this.#denials.add(key, logLine(flow, verdict, who), bootMillis());
  }

  #who(flow: FlowTuple): ProcessInfo | undefined {
    const owner = this.#parts.attribution.owner(flow);
    return owner && this.#parts.attribution.describe(owner);
  }

  #fate(id: number, fate: number, mark: number): void {
    this.#verdicts.push(encodeVerdict(this.#queue, id, fate, mark));
  }
}

function target(flow: FlowTuple): { dst_ip: string; dst_port: number } {
  return { dst_ip: formatIpv4(flow.dst), dst_port: flow.dstPort };
}

function logLine(flow: FlowTuple, verdict: Verdict, who: ProcessInfo): LogEvent {
  const reason: DenyReason | undefined = verdict.policy === "deny" ? verdict.reason : undefined;
  return {
    ts: new Date().toISOString(),
    type: "udp",
    policy: verdict.policy,
    ...(reason && { reason }),
    ...target(flow),
    ...(verdict.host !== undefined && { host: verdict.host }),
    src_port: flow.srcPort,
    ...(verdict.rule_text !== undefined && { rule: verdict.rule_text }),
    ...(verdict.rule_line !== undefined && { rule_line: verdict.rule_line }),
    ...(verdict.hint !== undefined && { hint: verdict.hint }),
    ...processFields(who),
  };
}
