/**
 * Reads what the tools are given, with an error that names the file and says what is wrong.
 *
 * @module
 */

import { UsageError } from "./args.ts";

/** A policy of ten thousand rules has less than a megabyte. In bytes. */
export const MAX_TEXT_FILE = 8 * 1024 * 1024;

/**
 * Reads a text file, or standard input for `-`.
 *
 * @param limit bytes
 * @throws {UsageError} if it is missing, unreadable, too large, or not UTF-8 text
 */
export async function readTextFile(path: string, limit = MAX_TEXT_FILE): Promise<string> {
  const bytes = await readAtMost(path, limit);
  const text = decodeUtf8(path, bytes);
  if (text.includes("\0")) throw new UsageError(`${path} is a binary file, not text`);
  return text;
}

async function readAtMost(path: string, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of readChunks(await openFile(path), path)) {
    size += chunk.length;
    if (size > limit) {
      throw new UsageError(`${path} is larger than ${Math.round(limit / 1024 / 1024)} MB`);
    }
    chunks.push(chunk.slice());
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function decodeUtf8(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UsageError(`${path} is not UTF-8 text`);
  }
}

/** An opened file. Close it. */
export interface OpenFile {
  /** Reads what comes next into the buffer. @returns bytes read, or null at the end */
  read(buffer: Uint8Array<ArrayBuffer>): Promise<number | null>;
  close(): void;
  /** Bytes, if that is known. */
  size?: number;
}

/**
 * Opens a file for reading, or standard input for `-`.
 *
 * @throws {UsageError} if it cannot be opened or is a folder
 */
export async function openFile(path: string): Promise<OpenFile> {
  if (path === "-") return { read: (buffer) => Deno.stdin.read(buffer), close: () => {} };
  try {
    const file = await Deno.open(path, { read: true });
    const info = await file.stat();
    if (!info.isDirectory) {
      return { read: (buffer) => file.read(buffer), close: () => file.close(), size: info.size };
    }
    file.close();
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${reasonOf(error)}`);
  }
  throw new UsageError(`${path} is a folder, not a file`);
}

/** Bytes a read asks for. */
const CHUNK = 64 * 1024;

/**
 * The bytes of a file, chunk by chunk. A chunk is valid only until the next one is asked for.
 *
 * @throws {UsageError} if it cannot be read
 */
export async function* readChunks(file: OpenFile, path: string): AsyncGenerator<
  Uint8Array<ArrayBuffer>
> {
  const buffer = new Uint8Array(CHUNK);
  try {
    for (let n = await file.read(buffer); n !== null; n = await file.read(buffer)) {
      yield buffer.subarray(0, n);
    }
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${reasonOf(error)}`);
  } finally {
    file.close();
  }
}

/**
 * Writes a report.
 *
 * @throws {UsageError} if that is not possible
 */
export async function writeReport(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text);
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${reasonOf(error)}`);
  }
}

/** What went wrong with a file, in words. */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotCapable) return "this process may not (Deno permissions)";
  return error instanceof Error ? error.message : String(error);
}
