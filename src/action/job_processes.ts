/**
 * Ends what the job's user left running, before the guard ends: a process in the background could wait for that and
 * then send what it likes.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { HookError } from "./errors.ts";

/** What /proc says of a process. */
export interface JobProcess {
  pid: number;
  ppid: number;
  /** Real user id. */
  uid: number;
  /** Seconds since boot. */
  start: number;
  zombie: boolean;
}

/** USER_HZ (proc_pid_stat(5), starttime): 100 on every Linux that runners have. */
const TICKS = 100;
/** The guard's own start is known to a second. */
const INEXACT = 2;
const ROUNDS = 200;
const PAUSE = 20;

/**
 * Which processes are to end: the user's, started under guard, and neither this hook nor what it descends from (the
 * runner). Pure.
 *
 * @param own this process
 * @param since start of the guard, seconds since boot
 */
export function leftovers(all: JobProcess[], own: JobProcess, since: number): JobProcess[] {
  const byPid = new Map(all.map((one) => [one.pid, one]));
  const line = new Set<number>();
  for (let at: JobProcess | undefined = own; at && !line.has(at.pid); at = byPid.get(at.ppid)) {
    line.add(at.pid);
  }
  return all.filter((one) =>
    one.uid === own.uid && !one.zombie && !line.has(one.pid) && one.start >= since - INEXACT
  );
}

/**
 * Ends them, and what they start meanwhile.
 *
 * @param uptime of the guard, s
 * @returns how many were ended
 * @throws {HookError} if they come faster than they end: the guard must then stay
 */
export async function endLeftovers(uptime: number): Promise<number> {
  const ended = new Set<number>();
  const since = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) - uptime;
  let quiet = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const left = look(since);
    for (const { pid } of left) {
      end(pid);
      ended.add(pid);
    }
    // What was forked while /proc was read shows in the second look.
    quiet = left.length === 0 ? quiet + 1 : 0;
    if (quiet === 2) return ended.size;
    await setTimeout(PAUSE);
  }
  throw new HookError(
    "what the job left running starts anew faster than it can be ended: the machine stays guarded",
  );
}

function look(since: number): JobProcess[] {
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name))
    .map((name) => read(Number(name))).filter((one) => one !== undefined);
  const own = all.find((one) => one.pid === process.pid);
  if (own === undefined) throw new HookError("/proc does not show this process");
  return leftovers(all, own, since);
}

function read(pid: number): JobProcess | undefined {
  try {
    return parseProcess(
      readFileSync(`/proc/${pid}/stat`, "utf8"),
      readFileSync(`/proc/${pid}/status`, "utf8"),
    );
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

/** proc_pid_stat(5), proc_pid_status(5). The name in parentheses may hold anything; the fields follow the last one. */
export function parseProcess(stat: string, status: string): JobProcess {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return {
    pid: parseInt(stat),
    zombie: fields[0] === "Z" || fields[0] === "X",
    ppid: Number(fields[1]),
    start: Number(fields[19]) / TICKS,
    // The file's owner would be root for a process that is not dumpable. A name cannot hold a line end here.
    uid: Number(/^Uid:\t(\d+)/m.exec(status)?.[1]),
  };
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // It ended by itself. One that may not be ended shows in the next look, and at last in the error above.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}
