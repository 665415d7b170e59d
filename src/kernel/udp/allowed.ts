/**
 * UDP flows that have a verdict. Each stands in two places in the kernel: in the gate's map, and as a
 * conntrack entry whose mark lets its packets skip the queue. Both go when its time is up.
 *
 * @module
 */

import { encodeFlowKey, type FlowTuple } from "../bpf/layout.ts";
import type { BpfMap } from "../bpf/map.ts";
import { encodeDelete, encodeDeleteByMark } from "../netlink/conntrack.ts";
import { isNotFound, type NetlinkSocket } from "../netlink/socket.ts";

/** A flow's key in tables of this process. */
export function flowName(flow: FlowTuple): string {
  return `${flow.src}:${flow.srcPort}>${flow.dst}:${flow.dstPort}`;
}

interface AllowedFlow {
  flow: FlowTuple;
  /** ms since boot. */
  until: number;
  /** Its conntrack entry is gone, so that its packets come to the queue again. */
  ended: boolean;
}

/**
 * The gate lets a flow pass this much longer than the queue, ms: packets that are on their way between
 * the two when its time is up are not lost.
 */
const GRACE_MS = 1000;

/** The flows that may go on for now. */
export class AllowedFlows {
  readonly #map: BpfMap;
  readonly #conntrack: NetlinkSocket;
  readonly #mark: number;
  readonly #flows = new Map<string, AllowedFlow>();
  #seq = 1;

  /** @param mark the run's `allow` mark */
  constructor(map: BpfMap, conntrack: NetlinkSocket, mark: number) {
    this.#map = map;
    this.#conntrack = conntrack;
    this.#mark = mark;
  }

  get size(): number {
    return this.#flows.size;
  }

  /**
   * Lets a flow pass.
   *
   * @param until ms since boot
   * @throws {SyscallError} if the gate's map is full
   */
  add(flow: FlowTuple, until: number): void {
    const value = new Uint8Array(8);
    new DataView(value.buffer).setBigUint64(0, BigInt(Math.round((until + GRACE_MS) * 1e6)), true);
    this.#map.set(encodeFlowKey(flow), value);
    this.#flows.set(flowName(flow), { flow, until, ended: false });
  }

  /** @param now ms since boot */
  has(flow: FlowTuple, now: number): boolean {
    const allowed = this.#flows.get(flowName(flow));
    return allowed !== undefined && allowed.until > now;
  }

  /** Ends a flow that was judged anew, and otherwise. */
  revoke(flow: FlowTuple): void {
    if (this.#flows.delete(flowName(flow))) this.#map.delete(encodeFlowKey(flow));
  }

  /** Ends the flows whose time is up: their next packet is judged again. @param now ms since boot */
  expire(now: number): void {
    for (const allowed of this.#flows.values()) {
      if (allowed.until > now) continue;
      if (!allowed.ended) {
        allowed.ended = true;
        this.#command("conntrack delete", encodeDelete(++this.#seq, allowed.flow));
      }
      if (allowed.until + GRACE_MS <= now) this.revoke(allowed.flow);
    }
  }

  /** Ends all flows, those that an earlier process of this run allowed included. */
  clear(): void {
    // In this order: a packet that no longer skips the queue may still pass the gate.
    this.#command("conntrack flush", encodeDeleteByMark(++this.#seq, this.#mark));
    for (const { flow } of this.#flows.values()) this.#map.delete(encodeFlowKey(flow));
    this.#flows.clear();
  }

  #command(what: string, request: Uint8Array<ArrayBuffer>): void {
    try {
      this.#conntrack.command(what, request, this.#seq);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
