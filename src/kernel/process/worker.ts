/**
 * The runner's worker that egress was started under, and the steps that ran at that time.
 *
 * @module
 */

import type { Proc } from "./procfs.ts";
import { type Step, stepOf, withProvenAction } from "./steps.ts";

/** Where a GitHub runner's worker is. */
export interface RunnerPlace {
  /** Its executable's path, links resolved. */
  exe: string;
  /** The cgroup that it is in, or below. */
  cgroup: string;
}

/** A process that is not mistaken for another one with the same pid. */
export interface Worker {
  pid: number;
  /** Ticks since boot. */
  startTicks: bigint;
}

/** How a process came from a worker. */
export interface Origin {
  worker: Worker;
  /** The step that it belongs to. */
  step: Step;
}

/** No tree of processes is deeper. */
const DEPTH = 256;

/**
 * Finds the worker that a process descends from: the outermost one, since a step can execute the worker's
 * program too.
 *
 * @returns undefined if it descends from none
 */
export function findOrigin(pid: number, place: RunnerPlace, proc: Proc): Origin | undefined {
  let origin: Origin | undefined;
  let child: number | undefined;
  for (let depth = 0; pid > 0 && depth < DEPTH; depth++) {
    const stat = proc.stat(pid);
    if (!stat) return undefined;
    if (child !== undefined && isWorker(pid, place, proc)) {
      const step = stepOfChild(child, place.exe, proc);
      origin = { worker: { pid, startTicks: stat.startTicks }, step };
    }
    child = pid;
    pid = stat.ppid;
  }
  return origin;
}

function stepOfChild(child: number, workerExe: string, proc: Proc): Step {
  const step = stepOf(proc.environ(child) ?? new Uint8Array(0));
  return withProvenAction(step, proc.image(child), workerExe);
}

function isWorker(pid: number, place: RunnerPlace, proc: Proc): boolean {
  const cgroup = proc.cgroup(pid);
  return proc.exe(pid) === place.exe && cgroup !== undefined &&
    (cgroup === place.cgroup || cgroup.startsWith(`${place.cgroup}/`));
}

/** The processes below a worker, each with its step. @param workerExe path of the worker's executable */
export function stepsBelow(
  worker: Worker,
  workerExe: string,
  proc: Proc,
): (Worker & { step: Step })[] {
  const parents = new Map<number, number>();
  const starts = new Map<number, bigint>();
  for (const pid of proc.pids()) {
    const stat = proc.stat(pid);
    if (!stat) continue;
    parents.set(pid, stat.ppid);
    starts.set(pid, stat.startTicks);
  }
  const steps = new Map<number, Step>();
  const found: (Worker & { step: Step })[] = [];
  for (const [pid, startTicks] of starts) {
    const first = firstBelow(pid, worker.pid, parents);
    if (first === undefined) continue;
    let step = steps.get(first);
    if (!step) steps.set(first, step = stepOfChild(first, workerExe, proc));
    found.push({ pid, startTicks, step });
  }
  return found;
}

/** The child of `top` that `pid` is or descends from. */
function firstBelow(pid: number, top: number, parents: Map<number, number>): number | undefined {
  for (let depth = 0; depth < DEPTH; depth++) {
    const parent = parents.get(pid);
    if (parent === undefined) return undefined;
    if (parent === top) return pid;
    pid = parent;
  }
  return undefined;
}
