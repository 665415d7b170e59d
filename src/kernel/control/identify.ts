/**
 * Who is at the other end of the control socket.
 *
 * @module
 */

import type { Step } from "../process/steps.ts";
import { readStat } from "../process/procfs.ts";
import { SyscallError } from "../sys/call.ts";
import { readLink, readText } from "../sys/files.ts";
import { peerOf, peerPidfd } from "../sys/unix.ts";
import type { Caller } from "./authority.ts";

/** A caller and its process. */
export interface Identified extends Caller {
  pid: number;
  /** Ticks since boot. */
  startTicks: bigint;
}

/**
 * Looks at the process that connected.
 *
 * The kernel says which pid that was; by now it may be another process's. A pidfd names the process itself;
 * where the kernel has none (before 6.5), its start time before and after must be the same.
 *
 * @param stepOf finds a process's step by pid and start (ticks since boot)
 * @returns undefined if the process is gone, was replaced meanwhile, or is out of sight
 */
export function identify(
  fd: number,
  stepOf: (pid: number, startTicks: bigint) => Step | undefined,
): Identified | undefined {
  const { pid, uid } = peerOf(fd);
  if (pid <= 0) return undefined;
  try {
    return look(fd, pid, uid, stepOf);
  } catch (error) {
    // The process ended between two looks.
    if (error instanceof SyscallError) return undefined;
    throw error;
  }
}

function look(
  fd: number,
  pid: number,
  uid: number,
  stepOf: (pid: number, startTicks: bigint) => Step | undefined,
): Identified | undefined {
  using pidfd = peerPidfd(fd);
  const before = readStat(pid);
  if (!before) return undefined;
  const onHost = sameNamespace(pid, "user") && sameNamespace(pid, "pid");
  const step = stepOf(pid, before.startTicks);
  // Last: what was read above was about this process only if it is still there now.
  if (pidfd && pidOfPidfd(pidfd.number) !== pid) return undefined;
  if (readStat(pid)?.startTicks !== before.startTicks) return undefined;
  return { pid, uid, startTicks: before.startTicks, onHost, step };
}

function sameNamespace(pid: number, kind: "user" | "pid"): boolean {
  const theirs = readLink(`/proc/${pid}/ns/${kind}`);
  return theirs !== undefined && theirs === readLink(`/proc/self/ns/${kind}`);
}

/** `Pid:` of proc_pid_fdinfo(5): -1 once the process was reaped. */
function pidOfPidfd(pidfd: number): number {
  return Number(/^Pid:\s*(-?\d+)$/m.exec(readText(`/proc/self/fdinfo/${pidfd}`) ?? "")?.[1] ?? -1);
}
