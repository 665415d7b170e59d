/**
 * Moves bytes between two streams in both directions, keeping half-closes.
 *
 * @module
 */

import { SMALL_CHUNK } from "./reader.ts";
import { closeQuietly, endQuietly, isConnectionError, type Stream } from "./stream.ts";
import type { Watchdog } from "./watchdog.ts";
import { StreamWriter } from "./writer.ts";

/** Bytes read at a time once a read was full: a fifth less CPU for bulk, and idle relays stay small. */
const BULK_CHUNK = 64 * 1024;

/** What a relay has moved so far. */
export interface Counts {
  up: number;
  down: number;
}

/**
 * Copies until the source ends, then ends the sink's sending side.
 *
 * @param moved called with the size of each piece, after it was written
 * @throws what a read or write throws
 */
export async function copy(
  from: Stream,
  to: StreamWriter,
  end: () => Promise<void>,
  moved: (count: number) => void,
): Promise<void> {
  let buffer = new Uint8Array(SMALL_CHUNK);
  for (;;) {
    const count = await from.read(buffer);
    if (count === null) break;
    await to.write(buffer.subarray(0, count));
    moved(count);
    if (buffer.length === count && count < BULK_CHUNK) buffer = new Uint8Array(BULK_CHUNK);
  }
  await end();
}

/**
 * Relays between a client and its upstream until both directions have ended or one has failed, then
 * closes both. Never rejects for what peers do.
 *
 * @param counts is added to while it runs
 * @param lingerMs how long the client may keep its side open once upstream has ended; for ever if
 * absent
 */
export async function relay(
  client: Stream,
  upstream: Stream,
  counts: Counts,
  watchdog: Watchdog,
  lingerMs?: number,
): Promise<void> {
  const abort = () => {
    closeQuietly(client);
    closeQuietly(upstream);
  };
  const up = new StreamWriter(upstream, abort);
  const down = new StreamWriter(client, abort);
  watchdog.add(up);
  watchdog.add(down);
  const guard = async (copying: Promise<void>) => {
    try {
      await copying;
    } catch (error) {
      abort();
      if (!isConnectionError(error)) throw error;
    }
  };
  try {
    await Promise.all([
      guard(copy(client, up, () => endQuietly(upstream), (n) => counts.up += n)),
      guard(copy(upstream, down, () => endQuietly(client), (n) => counts.down += n)).then(() => {
        if (lingerMs !== undefined) down.deadline = Date.now() + lingerMs;
      }),
    ]);
  } finally {
    watchdog.delete(up);
    watchdog.delete(down);
    abort();
  }
}
