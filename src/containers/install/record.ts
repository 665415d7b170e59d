/**
 * What is known of an installation.
 *
 * @module
 */

import { FILES } from "../settings.ts";
import { realOfWrapper } from "../wrapper_script.ts";
import { exists, readIfThere } from "./files.ts";

/** Where engines look for runc. */
export const RUNC_PATHS = [
  "/usr/local/sbin/runc",
  "/usr/local/bin/runc",
  "/usr/sbin/runc",
  "/usr/bin/runc",
  "/sbin/runc",
  "/bin/runc",
] as const;

/** What was installed. */
export interface InstallRecord {
  /** Where the wrapper is: runc's path without links. */
  target: string;
  /** Where runc is meanwhile. */
  real: string;
  /** SHA-256 of runc when it was wrapped. */
  hash: string;
  /** dpkg knows of it. */
  diverted: boolean;
}

/** Wrapped by a start of egress that left no record: its folder went with the machine's last boot. */
export function firstWrapped(): string | undefined {
  return RUNC_PATHS.filter(exists).map((path) => Deno.realPathSync(path))
    .find((path) => realOfWrapper(readHead(path)) !== undefined);
}

/** The first lines of a file. */
export function readHead(path: string): string {
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(4096);
  return new TextDecoder().decode(bytes.subarray(0, file.readSync(bytes) ?? 0));
}

/** What the wrapper's folder says of the installation. */
export function readRecord(folder: string): InstallRecord | undefined {
  const text = readIfThere(`${folder}/${FILES.record}`);
  return text === undefined ? undefined : JSON.parse(text) as InstallRecord;
}
