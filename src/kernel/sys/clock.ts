/**
 * The one clock of the role: nanoseconds since boot, suspends included, so that it compares with
 * process start times and with what BPF programs stamp.
 *
 * @module
 */

import { libc } from "../ffi/libc.ts";
import { check } from "./call.ts";

const CLOCK_BOOTTIME = 7;
const time = new BigInt64Array(2);
const bytes = new Uint8Array(time.buffer);

/** Nanoseconds since boot. */
export function bootNanos(): bigint {
  check("clock_gettime", libc.clock_gettime(CLOCK_BOOTTIME, bytes));
  return time[0]! * 1_000_000_000n + time[1]!;
}

/** Milliseconds since boot, with fractions. */
export function bootMillis(): number {
  check("clock_gettime", libc.clock_gettime(CLOCK_BOOTTIME, bytes));
  return Number(time[0]!) * 1000 + Number(time[1]!) / 1e6;
}
