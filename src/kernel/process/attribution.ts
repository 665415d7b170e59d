/**
 * Who made a flow: the owner that the BPF programs noted, and what the process table knows of it.
 *
 * @module
 */

import type { ProcessInfo } from "../../protocol/mod.ts";
import { decodeOwner, encodeFlowKey, type FlowTuple, type Owner, Protocol } from "../bpf/layout.ts";
import type { BpfMap } from "../bpf/map.ts";
import { decodeEnvironPart } from "../bpf/environ_event.ts";
import { decodeProcessEvent, type ProcessEvent } from "../bpf/process_event.ts";
import type { RingBuffer } from "../bpf/ringbuf.ts";
import { type CgroupPaths, processesBelow } from "./cgroups.ts";
import { PROC, readAncestry, readCgroup, readImage, readProcessOf, readStat } from "./procfs.ts";
import { EnvironParts, type Step, withProvenAction } from "./steps.ts";
import { stepsBelow, type Worker } from "./worker.ts";
import { ANCESTRY, NANOS_PER_TICK, ProcessTable } from "./table.ts";

/** The maps that hold owners and members. */
export interface OwnerMaps {
  tcp: BpfMap;
  tcpClosed: BpfMap;
  udp: BpfMap;
  /** The scope's processes: pid to start time in ticks. */
  members: BpfMap;
  /** Workers whose children are steps: pid to start time in ticks. */
  workers: BpfMap;
}

/** What attribution works with. */
export interface AttributionParts {
  maps: OwnerMaps;
  events: RingBuffer;
  /** Process events that found the ring buffer full, since the start. */
  lost(): number;
  cgroups: CgroupPaths;
  /** The scope's cgroup folder. */
  scope: string;
  /** Name of the image of the container that a cgroup is of, as far as it is known yet. Never waits. */
  imageOf(cgroup: string): string | undefined;
}

/** Finds owners and describes them. */
export class Attribution {
  /** Process events that were lost so far. */
  lost = 0;
  readonly #parts: AttributionParts;
  readonly #table = new ProcessTable();
  readonly #environs = new EnvironParts();
  readonly #workers = new Map<number, bigint>();
  #workerExe = "";

  constructor(parts: AttributionParts) {
    this.#parts = parts;
  }

  /** Processes known, living and gone. */
  get size(): number {
    return this.#table.size;
  }

  /** Takes in all events that wait. */
  drain(): void {
    this.#parts.events.drain((record) => {
      const event = decodeProcessEvent(record);
      if (event) return this.#applyProcess(event);
      const part = decodeEnvironPart(record);
      const step = part && this.#environs.take(part);
      if (!part || !step) return;
      // The event of the execution comes before those of its environment.
      const image = this.#table.imageOf(part.pid, part.start);
      this.#table.setStep(part.pid, part.start, withProvenAction(step, image, this.#workerExe));
    });
  }

  #applyProcess(event: ProcessEvent): void {
    const cgroup = this.#parts.cgroups.path(event.cgroup);
    // Asked for with the first process, so that the answer is there when one of them connects.
    if (cgroup !== undefined) this.#parts.imageOf(cgroup);
    this.#table.apply(event, cgroup);
  }

  /**
   * Takes a process for the runner's worker: each child of its making is a step from now on. The steps that
   * run already are read from /proc, so this is for a time when nothing hostile runs yet.
   *
   * @param exe path of its executable
   */
  addWorker(worker: Worker, exe: string): void {
    this.resumeWorker(worker, exe);
    for (const { pid, startTicks, step } of stepsBelow(worker, exe, PROC)) {
      this.#table.setStep(pid, startTicks * NANOS_PER_TICK, step);
    }
  }

  /** As {@link addWorker} after a restart: steps that run already stay unknown. */
  resumeWorker(worker: Worker, exe: string): void {
    this.#workerExe = exe;
    this.#workers.set(worker.pid, worker.startTicks);
    this.#parts.maps.workers.set(pidKey(worker.pid), ticksValue(worker.startTicks));
  }

  /** Whether a thread is one of a runner's worker. */
  isWorker(thread: number): boolean {
    if (this.#workers.size === 0) return false;
    const pid = readProcessOf(thread);
    const start = pid === undefined ? undefined : this.#workers.get(pid);
    return start !== undefined && readStat(pid!)?.startTicks === start;
  }

  /**
   * The step that a living process was born in, as far as events told.
   *
   * @param startTicks tells a reused pid apart
   */
  stepOf(pid: number, startTicks: bigint): Step | undefined {
    this.drain();
    return this.#table.stepOf(pid, startTicks * NANOS_PER_TICK);
  }

  /** Takes in the processes that run in the scope already. */
  addRunning(): void {
    for (const pid of processesBelow(this.#parts.scope)) {
      this.#addFromProc(pid, undefined);
      this.#addMember(pid);
    }
  }

  #addMember(pid: number): void {
    const stat = readStat(pid);
    if (!stat) return;
    this.#parts.maps.members.set(pidKey(pid), ticksValue(stat.startTicks));
  }

  /**
   * A flood of events must not make a process pass for what it ran before: once one was lost, only
   * what /proc says now counts.
   */
  #checkLost(): void {
    const lost = this.#parts.lost();
    if (lost === this.lost) return;
    this.lost = lost;
    this.#table.clear();
    this.addRunning();
  }

  /**
   * The process that made a flow. Connections that ended a moment ago count too.
   *
   * @param flow as its socket sees it, before any redirect
   */
  owner(flow: FlowTuple): Owner | undefined {
    const key = encodeFlowKey(flow);
    if (flow.protocol === Protocol.TCP) {
      return ownerIn(this.#parts.maps.tcp, key) ?? ownerIn(this.#parts.maps.tcpClosed, key);
    }
    const connected = ownerIn(this.#parts.maps.udp, key);
    // A socket that is bound to no address noted 0. The later note is the port's present user.
    const unbound = ownerIn(this.#parts.maps.udp, encodeFlowKey({ ...flow, src: 0 }));
    // In a container's namespace the port is another one than the machine's.
    if (!connected || !unbound || connected.inner) return connected ?? unbound;
    return connected.at > unbound.at ? connected : unbound;
  }

  /** Describes an owner as it was when it made the flow. */
  describe(owner: Owner): ProcessInfo {
    const { pid, start, at } = owner;
    this.drain();
    this.#checkLost();
    let info = this.#table.describe(pid, start, at);
    if (!info) {
      this.#addFromProc(pid, start);
      info = this.#table.describe(pid, start, at);
    }
    const cgroup = this.#parts.cgroups.path(owner.cgroup) ?? info?.cgroup;
    const image = cgroup === undefined ? undefined : this.#parts.imageOf(cgroup);
    return {
      ...(info ?? { pid }),
      ...(cgroup !== undefined && { cgroup }),
      ...(image !== undefined && { image }),
      ...(asksForOthers(info?.exe, cgroup, owner.inner) && { resolver: true }),
    };
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

/** dockerd's program, as Debian has it and as Docker's own packages do. */
const DOCKERD = new Set(["/usr/sbin/dockerd", "/usr/bin/dockerd"]);

/**
 * systemd-resolved, and dockerd where it forwards lookups of containers from their namespaces. Each as the service that it
 * is: its cgroup tells it from somebody else's process of its program, and only root can put a process there.
 */
function asksForOthers(exe: string | undefined, cgroup: string | undefined, inner?: boolean) {
  if (exe === "/usr/lib/systemd/systemd-resolved") {
    return cgroup === "/system.slice/systemd-resolved.service";
  }
  return inner === true && exe !== undefined && DOCKERD.has(exe) &&
    cgroup === "/system.slice/docker.service";
}

function pidKey(pid: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint32Array([pid]).buffer);
}

function ticksValue(ticks: bigint): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new BigUint64Array([ticks]).buffer);
}
