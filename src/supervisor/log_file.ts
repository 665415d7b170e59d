/**
 * Opens a log to append to, and finds where its chain stands.
 *
 * @module
 */

import type { JournalFile } from "./journal.ts";
import { KeptFile } from "./kept_file.ts";

type ChainModule = typeof import("../protocol/chain.ts");

/** Bytes that are read at a time, from the end backwards. */
const BLOCK = 64 * 1024;
const LINE_END = 0x0a;

/**
 * Opens a log; makes it if it is not there. A device or a pipe, which cannot be read back, begins a chain.
 *
 * @throws {Error} as Deno.openSync and Deno.FsFile.readSync do
 */
export function openLogFile(
  path: string,
  { Chain, GENESIS, lineHash }: ChainModule,
): JournalFile & { sink: KeptFile } {
  const read = isRegularOrMissing(path);
  const file = Deno.openSync(path, { read, append: true, create: true, mode: 0o644 });
  const tail = read ? lastLine(file) : undefined;
  return {
    sink: new KeptFile(path, file),
    chain: new Chain(tail === undefined ? GENESIS : lineHash(tail.line)),
    torn: tail?.torn ?? false,
  };
}

function isRegularOrMissing(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}

/** The bytes behind the last line end; if there are none, those of the line before. */
function lastLine(file: Deno.FsFile): { line: Uint8Array; torn: boolean } | undefined {
  const size = file.seekSync(0, Deno.SeekMode.End);
  let tail = new Uint8Array(0);
  for (let at = size; at > 0;) {
    const from = Math.max(0, at - BLOCK);
    tail = joined(readAt(file, from, at - from), tail);
    at = from;
    const torn = tail.at(-1) !== LINE_END;
    const end = torn ? tail.length : tail.length - 1;
    const begin = end === 0 ? -1 : tail.lastIndexOf(LINE_END, end - 1);
    if (begin >= 0 || at === 0) return { line: tail.subarray(begin + 1, end), torn };
  }
  return undefined;
}

function readAt(file: Deno.FsFile, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  file.seekSync(at, Deno.SeekMode.Start);
  let got = 0;
  while (got < length) {
    const n = file.readSync(bytes.subarray(got));
    if (n === null) throw new Error("the log shrank while it was read");
    got += n;
  }
  return bytes;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}
