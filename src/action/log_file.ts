/**
 * Reads the connection log when the guard has ended.
 *
 * @module
 */

import { createReadStream, lstatSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import type { LogEvent } from "../protocol/mod.ts";
import { LogTotals } from "./log_totals.ts";

/**
 * Only root could have written what is read and uploaded: the file is root's, and so is every folder above it.
 *
 * @throws {Error} naming what is not
 */
export function requireRootOwned(path: string): void {
  const file = lstatSync(path);
  if (!file.isFile()) throw new Error(`${path} is not a plain file`);
  for (let at = path;; at = dirname(at)) {
    const { uid, gid, mode } = lstatSync(at);
    // A sticky folder, as /tmp: others cannot exchange what root has in it.
    const others = mode & 0o002 && !(mode & 0o1000);
    // Groups such as syslog, which Ubuntu's /var/log belongs to, are the system's.
    const group = mode & 0o020 && gid >= 1000;
    if (uid !== 0 || others || group) throw new Error(`${at} can be changed by others than root`);
    if (at === dirname(at)) return;
  }
}

/**
 * Adds a log up.
 *
 * @param path of the log
 * @throws {Error} if it cannot be read
 */
export async function readLog(path: string): Promise<LogTotals> {
  const totals = new LogTotals();
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
  for await (const line of lines) {
    const event = parseLine(line);
    if (event) totals.add(event);
    else if (line !== "") totals.addUnreadable();
  }
  return totals;
}

function parseLine(line: string): LogEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && "type" in value) return value as LogEvent;
  } catch {
    // Counted by the caller.
  }
  return undefined;
}
