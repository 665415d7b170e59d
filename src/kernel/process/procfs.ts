/**
 * What /proc says about a process.
 *
 * @module
 */

import { listFolder, readBytes, readLink, readText } from "../sys/files.ts";
import { decodeArguments, type Image } from "../bpf/process_event.ts";

const CMDLINE_LIMIT = 2048;

/** From /proc/PID/stat. */
export interface Stat {
  ppid: number;
  /** Ticks since boot. */
  startTicks: bigint;
}

/**
 * Parses /proc/PID/stat (proc(5)): the name in brackets may itself hold anything.
 *
 * @returns undefined if the text is not that
 */
export function parseStat(text: string): Stat | undefined {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ppid = Number(fields[1]);
  const start = fields[19];
  if (!Number.isInteger(ppid) || start === undefined || !/^\d+$/.test(start)) return undefined;
  return { ppid, startTicks: BigInt(start) };
}

/**
 * Parses /proc/PID/cgroup (cgroups(7)).
 *
 * @returns the cgroup v2 path, undefined if there is none
 */
export function parseCgroup(text: string): string | undefined {
  const line = text.split("\n").find((l) => l.startsWith("0::"));
  return line?.slice(3);
}

/** @returns undefined if the process is gone */
export function readStat(pid: number): Stat | undefined {
  const text = readText(`/proc/${pid}/stat`, 4096);
  return text === undefined ? undefined : parseStat(text);
}

/** The process that a thread belongs to (`Tgid:` of proc_pid_status(5)); undefined if the thread is gone. */
export function readProcessOf(thread: number): number | undefined {
  const text = readText(`/proc/${thread}/status`, 4096);
  const pid = Number(text && /^Tgid:\s*(\d+)$/m.exec(text)?.[1]);
  return pid > 0 ? pid : undefined;
}

/** @returns undefined if the process is gone, or a kernel thread */
export function readImage(pid: number): Image | undefined {
  const exe = readLink(`/proc/${pid}/exe`);
  const bytes = readBytes(`/proc/${pid}/cmdline`, CMDLINE_LIMIT + 1);
  if (exe === undefined || !bytes) return undefined;
  const cut = bytes.length > CMDLINE_LIMIT;
  return { exe, cmdline: decodeArguments(bytes.subarray(0, CMDLINE_LIMIT), cut) };
}

/** Executables of a process's ancestors, parent first. */
export function readAncestry(stat: Stat, limit: number): string[] {
  const list: string[] = [];
  for (let pid = stat.ppid; pid > 0 && list.length < limit;) {
    const exe = readLink(`/proc/${pid}/exe`);
    if (exe !== undefined) list.push(exe);
    pid = readStat(pid)?.ppid ?? 0;
  }
  return list;
}

/** cgroup v2 path of a live process. */
export function readCgroup(pid: number): string | undefined {
  const text = readText(`/proc/${pid}/cgroup`, 16384);
  return text === undefined ? undefined : parseCgroup(text);
}

/** What walking through processes needs of /proc. */
export interface Proc {
  pids(): number[];
  /** undefined if the process is gone. */
  stat(pid: number): Stat | undefined;
  exe(pid: number): string | undefined;
  cgroup(pid: number): string | undefined;
  image(pid: number): Image | undefined;
  environ(pid: number): Uint8Array | undefined;
}

const ENVIRON_LIMIT = 256 * 1024;

/** The machine's own. */
export const PROC: Proc = {
  pids: () => listFolder("/proc").filter((name) => /^\d+$/.test(name)).map(Number),
  stat: readStat,
  exe: (pid) => readLink(`/proc/${pid}/exe`),
  cgroup: readCgroup,
  image: readImage,
  environ: (pid) => readBytes(`/proc/${pid}/environ`, ENVIRON_LIMIT),
};
