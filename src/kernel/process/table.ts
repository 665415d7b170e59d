/**
 * The processes of the scope, also those that are gone: a connection may be judged after the process
 * that made it ended. Fed with events; no I/O.
 *
 * @module
 */

import type { ProcessInfo } from "../../protocol/mod.ts";
import type { Image, ProcessEvent } from "../bpf/process_event.ts";
import type { Step } from "./steps.ts";

/** /proc counts start times in these units: USER_HZ is 100 on every Linux. */
export const NANOS_PER_TICK = 10_000_000n;

/** Most executables in an ancestry. */
export const ANCESTRY = 8;

/** An image from a point in time on (ns since boot). */
interface DatedImage extends Image {
  from: bigint;
}

interface ProcessRecord {
  pid: number;
  key: string;
  /** Oldest first; at least one. */
  images: DatedImage[];
  ancestry: string[];
  cgroup: string | undefined;
  step: Step | undefined;
  /** Bytes that it roughly takes, without what it shares with its parent. */
  cost: number;
}

/** A process as something other than an event told. */
export interface SeenProcess {
  pid: number;
  start: bigint;
  image: Image;
  ancestry: string[];
  cgroup: string | undefined;
}

/** What the table may hold of processes that ended. */
export interface TableLimits {
  /** Processes. */
  exited: number;
  /** Bytes, roughly. */
  exitedBytes: number;
}

const IMAGES_KEPT = 4;
const RECORD_COST = 300;
const DEFAULT_LIMITS: TableLimits = { exited: 65536, exitedBytes: 32 * 1024 * 1024 };

/** Processes by pid and start time. */
export class ProcessTable {
  readonly #limits: TableLimits;
  readonly #all = new Map<string, ProcessRecord>();
  readonly #live = new Map<number, ProcessRecord>();
  readonly #exited = new Set<ProcessRecord>();
  /** Steps of living processes. Losing events does not make these wrong: a step is inherited at birth. */
  readonly #steps = new Map<string, Step>();
  #exitedBytes = 0;

  constructor(limits: TableLimits = DEFAULT_LIMITS) {
    this.#limits = limits;
  }

  /** Processes known, living and gone. */
  get size(): number {
    return this.#all.size;
  }

  /** Forgets everything: events were lost, so what is known may be of an earlier image. */
  clear(): void {
    this.#all.clear();
    this.#live.clear();
    this.#exited.clear();
    this.#exitedBytes = 0;
  }

  /** @param cgroup path of the event's cgroup */
  apply(event: ProcessEvent, cgroup: string | undefined): void {
    if (event.kind === "fork") this.#fork(event, cgroup);
    else if (event.kind === "exec") this.#exec(event, cgroup);
    else {
      const key = keyOf(event.pid, event.start);
      this.#steps.delete(key);
      this.#exit(this.#all.get(key));
    }
  }

  /**
   * Says that a process is the first one of a step. What is born of it from now on belongs to the step.
   *
   * @param start ns since boot
   */
  setStep(pid: number, start: bigint, step: Step): void {
    const key = keyOf(pid, start);
    this.#steps.set(key, step);
    const record = this.#all.get(key);
    if (record) record.step = step;
  }

  /** The step of a process that lives; undefined if it belongs to none. @param start ns since boot */
  stepOf(pid: number, start: bigint): Step | undefined {
    return this.#steps.get(keyOf(pid, start));
  }

  /** What a process that lives runs now. @param start ns since boot */
  imageOf(pid: number, start: bigint): Image | undefined {
    return this.#all.get(keyOf(pid, start))?.images.at(-1);
  }

  /** Adds a process that was there before the events, unless it is known. */
  add(seen: SeenProcess): void {
    const key = keyOf(seen.pid, seen.start);
    if (this.#all.has(key)) return;
    this.#insert({
      pid: seen.pid,
      key,
      images: [{ ...seen.image, from: 0n }],
      ancestry: seen.ancestry,
      cgroup: seen.cgroup,
      step: this.#steps.get(key),
      cost: RECORD_COST + imageCost(seen.image),
    });
  }

  /**
   * Who was this at that time?
   *
   * @param start ns since boot
   * @param at ns since boot; the image of then is told, not a later one
   */
  describe(pid: number, start: bigint, at: bigint): ProcessInfo | undefined {
    const record = this.#all.get(keyOf(pid, start));
    if (!record) return undefined;
    const image = record.images.findLast((i) => i.from <= at) ?? record.images[0]!;
    return {
      pid,
      exe: image.exe,
      cmdline: image.cmdline,
      ...(record.cgroup !== undefined && { cgroup: record.cgroup }),
      ...record.step,
      ancestry: record.ancestry,
    };
  }

  #fork(event: ProcessEvent, cgroup: string | undefined): void {
    const parent = this.#all.get(keyOf(event.ppid, event.parentStart));
    const key = keyOf(event.pid, event.start);
    const step = this.#steps.get(keyOf(event.ppid, event.parentStart));
    if (step) this.#steps.set(key, step);
    const image = parent?.images.at(-1);
    // Without the parent nothing is known of the child until it executes something.
    if (!parent || !image) return;
    this.#insert({
      pid: event.pid,
      key,
      images: [image],
      ancestry: [image.exe, ...parent.ancestry].slice(0, ANCESTRY),
      cgroup,
      step,
      cost: RECORD_COST,
    });
  }

  #exec(event: ProcessEvent, cgroup: string | undefined): void {
    const image = { ...event.image!, from: event.at };
    const key = keyOf(event.pid, event.start);
    const record = this.#all.get(key);
    if (!record) {
      const parent = this.#all.get(keyOf(event.ppid, event.parentStart));
      const ancestry = parent ? [parent.images.at(-1)!.exe, ...parent.ancestry] : [];
      this.#insert({
        pid: event.pid,
        key,
        images: [image],
        ancestry: ancestry.slice(0, ANCESTRY),
        cgroup,
        step: this.#steps.get(key),
        cost: RECORD_COST + imageCost(image),
      });
      return;
    }
    record.images.push(image);
    if (record.images.length > IMAGES_KEPT) record.images.shift();
    record.cgroup = cgroup ?? record.cgroup;
    record.cost += imageCost(image);
  }

  #insert(record: ProcessRecord): void {
    const before = this.#live.get(record.pid);
    // Its exit event was lost: the pid has a new owner.
    if (before && before.key !== record.key) this.#exit(before);
    this.#all.set(record.key, record);
    this.#live.set(record.pid, record);
  }

  #exit(record: ProcessRecord | undefined): void {
    if (!record || this.#exited.has(record)) return;
    if (this.#live.get(record.pid) === record) this.#live.delete(record.pid);
    this.#steps.delete(record.key);
    this.#exited.add(record);
    this.#exitedBytes += record.cost;
    for (const oldest of this.#exited) {
      if (
        this.#exited.size <= this.#limits.exited && this.#exitedBytes <= this.#limits.exitedBytes
      ) {
        return;
      }
      this.#exited.delete(oldest);
      this.#exitedBytes -= oldest.cost;
      this.#all.delete(oldest.key);
    }
  }
}

function imageCost(image: Image): number {
  return image.cmdline.reduce((sum, argument) => sum + argument.length + 32, image.exe.length);
}

/** A pid is not re-used within a tick, and /proc knows no finer start times. */
function keyOf(pid: number, start: bigint): string {
  return `${pid}:${start / NANOS_PER_TICK}`;
}
