/**
 * Who made a flow: the owner that the BPF programs noted, and what the process table knows of it.
 *
 * @module
 */

import type { ProcessInfo } from "../../protocol/mod.ts";
import { decodeOwner, encodeFlowKey, type FlowTuple, type Owner, Protocol } from "../bpf/layout.ts";
import type { BpfMap } from "../bpf/map.ts";
import { decodeProcessEvent } from "../bpf/process_event.ts";
import type { RingBuffer } from "../bpf/ringbuf.ts";
import { type CgroupPaths, processesBelow } from "./cgroups.ts";
import { readAncestry, readCgroup, readImage, readStat } from "./procfs.ts";
import { ANCESTRY, NANOS_PER_TICK, type ProcessTable } from "./table.ts";

/** The maps that hold owners. */
export interface OwnerMaps {
  tcp: BpfMap;
  tcpClosed: BpfMap;
  udp: BpfMap;
}

/** Finds owners and describes them. */
export class Attribution {
  readonly #maps: OwnerMaps;
  readonly #events: RingBuffer;
  readonly #table: ProcessTable;
  readonly #cgroups: CgroupPaths;

  constructor(maps: OwnerMaps, events: RingBuffer, table: ProcessTable, cgroups: CgroupPaths) {
    this.#maps = maps;
    this.#events = events;
    this.#table = table;
    this.#cgroups = cgroups;
  }

  /** Takes in all events that wait. */
  drain(): void {
    this.#events.drain((record) => {
      const event = decodeProcessEvent(record);
      if (event) this.#table.apply(event, this.#cgroups.path(event.cgroup));
    });
  }

  /** Takes in the processes that run in the scope already. */
  addRunning(scope: string): void {
    for (const pid of processesBelow(scope)) this.#addFromProc(pid, undefined);
  }

  /**
   * The process that made a flow. Connections that ended a moment ago count too.
   *
   * @param flow as its socket sees it, before any redirect
   */
  owner(flow: FlowTuple): Owner | undefined {
    const key = encodeFlowKey(flow);
    if (flow.protocol === Protocol.TCP) {
      return ownerIn(this.#maps.tcp, key) ?? ownerIn(this.#maps.tcpClosed, key);
    }
    const connected = ownerIn(this.#maps.udp, key);
    // A socket that is bound to no address noted 0. The later note is the port's present user.
    const unbound = ownerIn(this.#maps.udp, encodeFlowKey({ ...flow, src: 0 }));
    if (!connected || !unbound) return connected ?? unbound;
    return connected.at > unbound.at ? connected : unbound;
  }

  /** Describes an owner as it was when it made the flow. */
  describe(owner: Owner): ProcessInfo {
    const { pid, start, at } = owner;
    this.drain();
    let info = this.#table.describe(pid, start, at);
    if (!info) {
      this.#addFromProc(pid, start);
      info = this.#table.describe(pid, start, at);
    }
    const cgroup = this.#cgroups.path(owner.cgroup) ?? info?.cgroup;
    return { ...(info ?? { pid }), ...(cgroup !== undefined && { cgroup }) };
  }

  /** @param start if given, the process must have started then */
  #addFromProc(pid: number, start: bigint | undefined): void {
    const stat = readStat(pid);
    if (!stat) return;
    if (start !== undefined && start / NANOS_PER_TICK !== stat.startTicks) return;
    const image = readImage(pid);
    if (!image) return;
    this.#table.add({
      pid,
      start: stat.startTicks * NANOS_PER_TICK,
      image,
      ancestry: readAncestry(stat, ANCESTRY),
      cgroup: readCgroup(pid),
    });
  }
}

function ownerIn(map: BpfMap, key: Uint8Array<ArrayBuffer>): Owner | undefined {
  const value = map.get(key);
  return value && decodeOwner(value);
}
