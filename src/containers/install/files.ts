/**
 * Files of the installation.
 *
 * @module
 */

import { InstallError } from "./error.ts";

/** SHA-256 of a file, in hexadecimal. */
export async function hashOf(path: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
  return new Uint8Array(digest).toHex();
}

/** The text of a file; undefined if it is not there. */
export function readIfThere(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Is there a file, a folder or a link of this name? */
export function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Removes a file or a folder with all in it; it need not be there. */
export function removeAll(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Writes a file that appears under its name as a whole, and on disk before that. */
export function writeWhole(path: string, content: string, like?: Deno.FileInfo): void {
  const fresh = `${path}.egress-new`;
  {
    using file = Deno.openSync(fresh, { write: true, create: true, truncate: true, mode: 0o600 });
    for (let rest = new TextEncoder().encode(content); rest.length > 0;) {
      rest = rest.subarray(file.writeSync(rest));
    }
    file.syncDataSync();
  }
  if (like) {
    Deno.chownSync(fresh, like.uid, like.gid);
    Deno.chmodSync(fresh, (like.mode ?? 0o755) & 0o7777);
  }
  Deno.renameSync(fresh, path);
}

/**
 * What the wrapper runs as root must not be in a user's hands.
 *
 * @throws {InstallError}
 */
export function requireRootsOwn(path: string): void {
  for (let at = Deno.realPathSync(path); at !== ""; at = at.slice(0, at.lastIndexOf("/"))) {
    const info = Deno.statSync(at);
    const open = ((info.mode ?? 0o777) & 0o022) !== 0 && ((info.mode ?? 0) & 0o1000) === 0;
    if (info.uid !== 0 || open) {
      throw new InstallError(
        `${at} can be written by others than root, and ${path} would run as root: ` +
          "start egress with sudo, and without EGRESS_CACHE",
      );
    }
  }
}
