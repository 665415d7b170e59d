/**
 * Paths of cgroups by id.
 *
 * @module
 */

import { libc } from "../ffi/libc.ts";
import { SyscallError } from "../sys/call.ts";
import { Fd, Open, open } from "../sys/fd.ts";
import { listSubfolders, readLink, readText } from "../sys/files.ts";

const FILEID_KERNFS = 0xfe;
const CACHE_LIMIT = 8192;

/** Turns cgroup ids into paths from the hierarchy's root, and remembers them past the cgroup's end. */
export class CgroupPaths {
  readonly #rootPath: string;
  readonly #root: Fd;
  readonly #known = new Map<bigint, string>();
  /** `struct file_handle` with the 8 bytes of a kernfs id. */
  readonly #handle = new Uint8Array(16);
  readonly #view = new DataView(this.#handle.buffer);

  /** @throws {SyscallError} if `rootPath` cannot be opened */
  constructor(rootPath: string) {
    this.#rootPath = rootPath.replace(/\/+$/, "");
    this.#root = open(rootPath, Open.RDONLY);
  }

  /** @returns undefined if the cgroup is gone and was never seen */
  path(id: bigint): string | undefined {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const path = this.#resolve(id);
    if (path !== undefined) this.#remember(id, path);
    return path;
  }

  #resolve(id: bigint): string | undefined {
    this.#view.setUint32(0, 8, true);
    this.#view.setInt32(4, FILEID_KERNFS, true);
    this.#view.setBigUint64(8, id, true);
    const result = libc.open_by_handle_at(this.#root.number, this.#handle, Open.CLOEXEC);
    if (result < 0) return undefined;
    using fd = new Fd(result);
    const path = readLink(`/proc/self/fd/${fd.number}`);
    if (!path?.startsWith(this.#rootPath)) return undefined;
    return path.slice(this.#rootPath.length) || "/";
  }

  #remember(id: bigint, path: string): void {
    if (this.#known.size >= CACHE_LIMIT) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(id, path);
  }
}

/** Pids of all processes in a cgroup and below it. */
export function processesBelow(folder: string): number[] {
  const list = processesIn(folder);
  for (const name of listSubfolders(folder)) list.push(...processesBelow(`${folder}/${name}`));
  return list;
}

function processesIn(folder: string): number[] {
  try {
    const text = readText(`${folder}/cgroup.procs`, 1 << 20) ?? "";
    return text.split("\n").filter((line) => line !== "").map(Number);
  } catch (error) {
    // A threaded cgroup lists no processes, and one that was just removed nothing.
    if (error instanceof SyscallError) return [];
    throw error;
  }
}
