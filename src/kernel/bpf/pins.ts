/**
 * The run's pins in bpffs:
 *
 *     PINDIR/maps/NAME          maps that a restarted role takes over
 *     PINDIR/links-N/NAME       links of the Nth kernel role of this run
 *
 * @module
 */

import { Errno, SyscallError } from "../sys/call.ts";
import { listFolder, makeFolder, removeFile, removeFolder } from "../sys/files.ts";
import { StartError } from "../start_error.ts";

const LINKS = /^links-(\d+)$/;

/** Where this process pins, and what earlier ones left. */
export class Pins {
  readonly #folder: string;
  readonly #own: string;
  readonly #older: string[];
  /** Whether an earlier process of this run left pins: the scope had a gate already. */
  readonly takesOver: boolean;

  /** @throws {StartError} if the folder does not take pins */
  constructor(folder: string) {
    this.#folder = folder;
    try {
      const names = listFolder(folder).filter((name) => LINKS.test(name));
      const last = Math.max(0, ...names.map((name) => Number(LINKS.exec(name)![1])));
      this.#older = names.map((name) => `${folder}/${name}`);
      this.takesOver = names.length > 0;
      this.#own = `${folder}/links-${last + 1}`;
      makeFolder(this.#own, 0o700);
      makeMaps(`${folder}/maps`);
    } catch (cause) {
      if (!(cause instanceof SyscallError)) throw cause;
      throw new StartError("pins", `pin folder ${folder}: ${cause.message}`, { cause });
    }
  }

  mapPath(name: string): string {
    return `${this.#folder}/maps/${name}`;
  }

  linkPath(name: string): string {
    return `${this.#own}/${name}`;
  }

  /** Removes what earlier processes of this run pinned. */
  removeOlder(): void {
    for (const folder of this.#older) removeTree(folder);
    this.#older.length = 0;
  }

  /** Removes all pins of the run; the folder itself stays. */
  removeAll(): void {
    this.removeOlder();
    removeTree(this.#own);
    removeTree(`${this.#folder}/maps`);
  }
}

function makeMaps(path: string): void {
  try {
    makeFolder(path, 0o700);
  } catch (error) {
    if (!(error instanceof SyscallError && error.code === Errno.EEXIST)) throw error;
  }
}

function removeTree(folder: string): void {
  for (const name of listFolder(folder)) removeFile(`${folder}/${name}`);
  removeFolder(folder);
}
