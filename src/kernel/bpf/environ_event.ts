/**
 * Decodes `struct environ_event` of bpf/shared.h: parts of the environment that a step's process began with.
 * Sans-I/O.
 *
 * @module
 */

import { viewOf } from "./layout.ts";

/** One part. */
export interface EnvironPart {
  pid: number;
  /** ns since boot. */
  start: bigint;
  /** 0..15 */
  index: number;
  /** A copy. */
  text: Uint8Array;
  last: boolean;
  /** The kernel could not read it. */
  broken: boolean;
}

const KIND = 4;
const HEAD_SIZE = 48;
const TEXT_OFFSET = HEAD_SIZE + 8;
const PART_SIZE = 16384;
const LAST = 1;
const BROKEN = 2;

/** @returns undefined if the record is none */
export function decodeEnvironPart(bytes: Uint8Array): EnvironPart | undefined {
  if (bytes.length < TEXT_OFFSET + PART_SIZE) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== KIND) return undefined;
  const flags = view.getUint32(12, true);
  const length = Math.min(view.getUint32(HEAD_SIZE, true), PART_SIZE);
  return {
    pid: view.getUint32(4, true),
    start: view.getBigUint64(16, true),
    index: view.getUint32(HEAD_SIZE + 4, true),
    text: bytes.slice(TEXT_OFFSET, TEXT_OFFSET + length),
    last: (flags & LAST) !== 0,
    broken: (flags & BROKEN) !== 0,
  };
}
