/**
 * A ZIP archive with one deflated file (APPNOTE 6.3.10, 4.3). Pure.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { crc32, deflateRawSync } from "node:zlib";

/** 4.4.2-4.4.6: version 2.0, names in UTF-8 (bit 11), deflate, 1980-01-01 00:00 so that equal logs give equal files. */
const COMMON = { version: 20, flags: 0x0800, method: 8, time: 0, date: 0x0021 };

/** Sizes have 32 bits. */
const MAX_SIZE = 0xffff_fffe;

/**
 * Packs a file.
 *
 * @param name without folders
 * @throws {RangeError} if it has 4 GiB or more
 */
export function zipOne(name: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const packed = deflateRawSync(content);
  if (content.length > MAX_SIZE || packed.length > MAX_SIZE) {
    throw new RangeError(`${name} is too large for a ZIP archive`);
  }
  const path = Buffer.from(name);
  const about = describe(path, content, packed);
  const local = Buffer.concat([uint32(0x04034b50), uint16(COMMON.version), about, path]);
  const central = Buffer.concat([
    ...[uint32(0x02014b50), uint16(COMMON.version), uint16(COMMON.version), about],
    // Comment's length, disk, internal and external attributes, offset of the local header.
    ...[uint16(0), uint16(0), uint16(0), uint32(0), uint32(0), path],
  ]);
  const end = Buffer.concat([
    // This disk, the directory's disk, entries here and in all.
    ...[uint32(0x06054b50), uint16(0), uint16(0), uint16(1), uint16(1)],
    ...[uint32(central.length), uint32(local.length + packed.length), uint16(0)],
  ]);
  return new Uint8Array(Buffer.concat([local, packed, central, end]));
}

/** The fields that both headers share, from the flags to the length of the extra field. */
function describe(path: Buffer, content: Uint8Array, packed: Buffer): Buffer {
  const { flags, method, time, date } = COMMON;
  return Buffer.concat([
    ...[uint16(flags), uint16(method), uint16(time), uint16(date), uint32(crc32(content))],
    ...[uint32(packed.length), uint32(content.length), uint16(path.length), uint16(0)],
  ]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
