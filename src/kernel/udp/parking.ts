/**
 * Packets that wait while the engine thinks about their flow. No I/O.
 *
 * @module
 */

import type { FlowTuple } from "../bpf/layout.ts";
import { flowName } from "./allowed.ts";

/** One flow's packets. */
export interface Parked {
  flow: FlowTuple;
  /** Packet ids of the queue. */
  packets: number[];
  /** ms since boot. */
  deadline: number;
}

const WAIT_MS = 2000;
const FLOWS = 1024;
const PACKETS_PER_FLOW = 16;

/** What `park` did with a packet. */
export type ParkResult = "first" | "added" | "full";

/** Flows without a verdict yet. */
export class Parking {
  readonly #flows = new Map<string, Parked>();

  get size(): number {
    return this.#flows.size;
  }

  /**
   * Adds a packet.
   *
   * @param now ms since boot
   * @returns `first`: somebody must ask for a verdict; `full`: not kept
   */
  park(flow: FlowTuple, packet: number, now: number): ParkResult {
    const name = flowName(flow);
    const parked = this.#flows.get(name);
    if (parked) {
      if (parked.packets.length >= PACKETS_PER_FLOW) return "full";
      parked.packets.push(packet);
      return "added";
    }
    if (this.#flows.size >= FLOWS) return "full";
    this.#flows.set(name, { flow, packets: [packet], deadline: now + WAIT_MS });
    return "first";
  }

  /** Takes a flow's packets out; undefined if they timed out before. */
  release(flow: FlowTuple): Parked | undefined {
    const name = flowName(flow);
    const parked = this.#flows.get(name);
    this.#flows.delete(name);
    return parked;
  }

  /** Takes out what waited too long. @param now ms since boot */
  overdue(now: number): Parked[] {
    const list: Parked[] = [];
    for (const parked of this.#flows.values()) {
      // All wait equally long, so the first that is in time ends it.
      if (parked.deadline > now) break;
      list.push(parked);
    }
    for (const parked of list) this.#flows.delete(flowName(parked.flow));
    return list;
  }
}
