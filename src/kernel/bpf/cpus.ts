/**
 * How many CPUs there can be: a per-CPU map has a value for each.
 *
 * @module
 */

import { readText } from "../sys/files.ts";

/**
 * Parses the list of /sys/devices/system/cpu/possible, such as `0-3` or `0,2-5`.
 *
 * @returns the highest number in it plus 1, at least 1
 */
export function parseCpuList(text: string): number {
  const numbers = text.match(/\d+/g)?.map(Number) ?? [0];
  return Math.max(...numbers) + 1;
}

/** CPUs that this kernel may ever bring up. */
export function possibleCpus(): number {
  return parseCpuList(readText("/sys/devices/system/cpu/possible", 4096) ?? "0");
}
