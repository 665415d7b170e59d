/**
 * Streams connection logs: plain or gzip, any size, in bounded memory.
 *
 * @module
 */

import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { LogEvent } from "../protocol/log.ts";
import { UsageError } from "./args.ts";
import { openFile, readChunks, reasonOf } from "./files.ts";
import type { Io } from "./io.ts";

/** A log line is a few kilobytes; a file without line ends is no log. In UTF-16 units. */
const MAX_LINE = 4 * 1024 * 1024;

const LF = 0x0a;

/** Packed bytes that are unpacked at a time. */
const PACKED = 32 * 1024;
/** Unpacked bytes of one chunk. */
const UNPACKED = 64 * 1024;

/** What was read. */
export interface LogCount {
  lines: number;
  /** Lines that are no events, and the first of them as `FILE:LINE`. */
  unreadable: number;
  firstUnreadable?: string;
}

/** Called for each event, and with the next log's name before its first one. */
export interface LogHandler {
  begin?(file: string): void;
  event(event: LogEvent): void;
}

/**
 * Reads logs one after the other.
 *
 * @param files paths; `-` is standard input
 * @throws {UsageError} if a file cannot be read, or none of its lines is an event
 */
export async function readLogs(
  files: readonly string[],
  handler: LogHandler,
  io: Io,
): Promise<LogCount> {
  const total: LogCount = { lines: 0, unreadable: 0 };
  for (const file of files) {
    handler.begin?.(file);
    const progress = new Progress(file, io);
    const before = { ...total };
    try {
      for await (const batch of lineBatches(file, progress)) {
        takeLines(file, batch, handler, total, before);
      }
    } finally {
      progress.clear();
    }
    const unreadable = total.unreadable - before.unreadable;
    if (unreadable > 0 && unreadable === total.lines - before.lines) {
      throw new UsageError(`${file} is no connection log: none of its lines is an event`);
    }
  }
  return total;
}

function takeLines(
  file: string,
  batch: readonly string[],
  handler: LogHandler,
  total: LogCount,
  before: LogCount,
) {
  for (const line of batch) {
    total.lines++;
    if (line === "" || line === "\r") continue;
    const event = parseEvent(line);
    if (event) handler.event(event);
    else {
      total.unreadable++;
      total.firstUnreadable ??= `${file}:${total.lines - before.lines}`;
    }
  }
}

/** One line as an event; null if it is none. */
export function parseEvent(line: string): LogEvent | null {
  try {
    const value: unknown = JSON.parse(line);
    const isEvent = typeof value === "object" && value !== null && "type" in value &&
      typeof value.type === "string";
    return isEvent ? value as LogEvent : null;
  } catch {
    return null; // the caller counts it
  }
}

/**
 * The lines of a log as bytes, exactly as they stand in the file (after unpacking).
 *
 * @returns each line without its line end, and whether it had one. Valid until the next is asked for.
 * @throws {UsageError} if the file cannot be read
 */
export async function* rawLines(
  file: string,
  io: Io,
): AsyncGenerator<{ bytes: Uint8Array; ended: boolean }> {
  const progress = new Progress(file, io);
  let rest = new Uint8Array(0);
  try {
    for await (const chunk of unzipped(file, progress)) {
      let bytes = chunk;
      if (rest.length > 0) {
        bytes = new Uint8Array(rest.length + chunk.length);
        bytes.set(rest);
        bytes.set(chunk, rest.length);
      }
      let from = 0;
      for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, from)) {
        yield { bytes: bytes.subarray(from, end), ended: true };
        from = end + 1;
      }
      rest = bytes.slice(from);
      if (rest.length > MAX_LINE) throw new UsageError(`${file} is no log: it has no line ends`);
    }
    if (rest.length > 0) yield { bytes: rest, ended: false };
  } finally {
    progress.clear();
  }
}

async function* lineBatches(file: string, progress: Progress): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of unzipped(file, progress)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    if (rest.length > MAX_LINE) throw new UsageError(`${file} is no log: it has no line ends`);
    yield lines;
  }
  rest += decoder.decode();
  if (rest !== "") yield [rest];
}

type Bytes = Uint8Array<ArrayBuffer>;

/** The file's bytes; gzip (RFC 1952, told by its first two bytes, whatever the name) unpacked. */
async function* unzipped(path: string, progress: Progress): AsyncGenerator<Bytes> {
  const file = await openFile(path);
  const chunks = readChunks(file, path);
  const first = await chunks.next();
  if (first.done) return;
  const gzip = first.value[0] === 0x1f && first.value[1] === 0x8b;
  const counted = (chunk: Bytes) => {
    progress.add(chunk.length, file.size);
    return chunk;
  };
  if (!gzip) {
    yield counted(first.value);
    for await (const chunk of chunks) yield counted(chunk);
    return;
  }
  // Not DecompressionStream: it takes only the first of several members, and rotated logs have many.
  const source = Readable.from(packed(first.value, chunks, counted));
  const unpacked = createGunzip({ chunkSize: UNPACKED });
  pipeline(source, unpacked, () => {}); // what goes wrong in either comes out of the loop below
  try {
    yield* unpacked;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot unpack ${path}: ${reasonOf(error)}`);
  }
}

/** Copies of the chunks, small enough that what they unpack to stays small. */
async function* packed(
  first: Bytes,
  chunks: AsyncGenerator<Bytes>,
  counted: (chunk: Bytes) => Bytes,
): AsyncGenerator<Bytes> {
  for (let chunk: Bytes | undefined = first; chunk; chunk = (await chunks.next()).value) {
    const copy = counted(chunk).slice();
    for (let at = 0; at < copy.length; at += PACKED) yield copy.subarray(at, at + PACKED);
  }
}

/** Milliseconds between two updates of the progress line. */
const UPDATE_EVERY = 200;

/** A line on standard error that says how far reading has come; silent without a terminal. */
class Progress {
  #read = 0;
  #shown = 0;
  readonly #start = performance.now();

  constructor(readonly file: string, readonly io: Io) {}

  add(bytes: number, size: number | undefined) {
    this.#read += bytes;
    const now = performance.now();
    if (!this.io.progress || now - this.#shown < UPDATE_EVERY) return;
    this.#shown = now;
    this.io.err(`\r\x1b[K${this.file}: ${this.#text(size, (now - this.#start) / 1000)}`);
  }

  #text(size: number | undefined, seconds: number): string {
    const megabytes = `${(this.#read / 1e6).toFixed(0)} MB, ${
      (this.#read / 1e6 / seconds).toFixed(0)
    } MB/s`;
    if (!size) return megabytes;
    const share = Math.min(this.#read / size, 1);
    const bar = "#".repeat(Math.round(share * 20)).padEnd(20, ".");
    return `[${bar}] ${(share * 100).toFixed(0).padStart(3)} %, ${megabytes}`;
  }

  clear() {
    if (this.io.progress && this.#shown > 0) this.io.err("\r\x1b[K");
  }
}
