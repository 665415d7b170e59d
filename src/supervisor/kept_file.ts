/**
 * A log that must stay where it is: what is written to a file that was removed, renamed or replaced is logged
 * nowhere.
 *
 * @module
 */

import type { LogSink } from "./log_writer.ts";

/** The log's path leads elsewhere, or nowhere. */
export class LogMovedError extends Error {
  override name = "LogMovedError";
  constructor(path: string) {
    super(`${path} was removed or replaced; put it back to go on`);
  }
}

/** Writes to a file for as long as its path leads to it. */
export class KeptFile implements LogSink {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #identity: string | undefined;

  /**
   * @param path that `file` was opened at
   * @param file open for appending; anything but a regular file may be gone from its path
   */
  constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
    const info = file.statSync();
    this.#identity = info.isFile ? identityOf(info) : undefined;
  }

  /** @throws {LogMovedError} if the path does not lead to the file any more */
  writeSync(bytes: Uint8Array): number {
    if (this.#identity !== undefined && this.#identityNow() !== this.#identity) {
      throw new LogMovedError(this.#path);
    }
    return this.#file.writeSync(bytes);
  }

  close(): void {
    this.#file.close();
  }

  #identityNow(): string | undefined {
    try {
      return identityOf(Deno.statSync(this.#path));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
        return undefined;
      }
      throw error;
    }
  }
}

function identityOf({ dev, ino }: Deno.FileInfo): string {
  return `${dev}:${ino}`;
}
