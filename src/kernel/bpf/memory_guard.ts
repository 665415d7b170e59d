/**
 * Which program guards the memory of the runner's worker: kernels differ in what they take.
 *
 * @module
 */

import { readText } from "../sys/files.ts";

/** Sees attempts, everywhere. */
export const MEMORY_WATCH = "memory_syscalls";

/** A program that refuses, by what it is attached to. */
export type MemoryHook = "memory_lsm" | "memory_fmod";

/** The kernel's active security modules (Documentation/admin-guide/LSM); there where securityfs is mounted. */
const MODULES = "/sys/kernel/security/lsm";

/**
 * The programs to try, best first. Kernels take an LSM program also where BPF is no active security module; it is
 * never called there.
 *
 * @param modules text of `/sys/kernel/security/lsm`; undefined if it cannot be read
 */
export function memoryHooks(modules = readText(MODULES)): MemoryHook[] {
  const active = modules?.trim().split(",").includes("bpf") === true;
  return active ? ["memory_lsm", "memory_fmod"] : ["memory_fmod"];
}
