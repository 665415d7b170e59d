/**
 * Decodes `struct process_event` and `struct exec_event` of bpf/shared.h. Sans-I/O.
 *
 * @module
 */

import { viewOf } from "./layout.ts";

/** Something happened to a process. Times are ns since boot. */
export interface ProcessEvent {
  kind: "fork" | "exec" | "exit";
  pid: number;
  ppid: number;
  start: bigint;
  parentStart: bigint;
  cgroup: bigint;
  at: bigint;
  /** Of `exec` alone. */
  image?: Image;
}

/** What a process executes. */
export interface Image {
  exe: string;
  cmdline: string[];
}

/** Stands at the end of what was cut. */
export const TRUNCATED = "...[truncated]";

const KINDS = [undefined, "fork", "exec", "exit"] as const;
const HEAD_SIZE = 48;
const EXE_OFFSET = 56;
const EXE_SIZE = 1280;
const ARGV_OFFSET = EXE_OFFSET + EXE_SIZE;
const ARGV_SIZE = 2048;
const EXE_TRUNCATED = 1;
const ARGV_TRUNCATED = 2;
const EXE_DELETED = 4;
const text = new TextDecoder();

/** @returns undefined if the record is none of the known ones */
export function decodeProcessEvent(bytes: Uint8Array): ProcessEvent | undefined {
  if (bytes.length < HEAD_SIZE) return undefined;
  const view = viewOf(bytes);
  const kind = KINDS[view.getUint32(0, true)];
  if (!kind) return undefined;
  const event: ProcessEvent = {
    kind,
    pid: view.getUint32(4, true),
    ppid: view.getUint32(8, true),
    start: view.getBigUint64(16, true),
    cgroup: view.getBigUint64(24, true),
    at: view.getBigUint64(32, true),
    parentStart: view.getBigUint64(40, true),
  };
  if (kind === "exec") {
    if (bytes.length < ARGV_OFFSET + ARGV_SIZE) return undefined;
    event.image = decodeImage(bytes, view.getUint32(12, true));
  }
  return event;
}

function decodeImage(bytes: Uint8Array, flags: number): Image {
  const view = viewOf(bytes);
  const exeLength = Math.min(view.getUint32(48, true), EXE_SIZE);
  const argvLength = Math.min(view.getUint32(52, true), ARGV_SIZE);
  const names = bytes.slice(EXE_OFFSET, EXE_OFFSET + exeLength);
  const argv = bytes.slice(ARGV_OFFSET, ARGV_OFFSET + argvLength);
  return {
    exe: decodePath(names, flags),
    cmdline: decodeArguments(argv, (flags & ARGV_TRUNCATED) !== 0),
  };
}

function decodePath(names: Uint8Array, flags: number): string {
  const parts = text.decode(names).split("\0").slice(0, -1).reverse();
  const root = flags & EXE_TRUNCATED ? `${TRUNCATED}/` : "/";
  return root + parts.join("/") + (flags & EXE_DELETED ? " (deleted)" : "");
}

/**
 * Splits the arguments of a process at their NULs.
 *
 * @param cut whether the last one may be incomplete; it is marked then
 */
export function decodeArguments(bytes: Uint8Array, cut: boolean): string[] {
  if (bytes.length === 0) return cut ? [TRUNCATED] : [];
  const list = text.decode(bytes).split("\0");
  if (list.at(-1) === "" && bytes.at(-1) === 0) list.pop();
  if (cut) list.push(list.pop() + TRUNCATED);
  return list;
}
