/**
 * Collects one HTTP/1 head from a stream.
 *
 * @module
 */

import type { StreamReader } from "../io/reader.ts";
import { findHeadEnd, hasBareLineFeed, HeadError, MAX_HEAD } from "../layers/http1_head.ts";

/**
 * Reads until a head is complete and consumes it.
 *
 * @param first called when its first bytes are there
 * @returns the head (valid until the reader's next fill), undefined if the stream ended before its
 * first byte, or why it is no head
 * @throws what the stream's read throws; UnexpectedEof if it ends within the head
 */
export async function readHead(
  reader: StreamReader,
  first?: () => void,
): Promise<Uint8Array | HeadError | undefined> {
  let scanned = 0;
  for (;;) {
    const bytes = reader.buffered;
    if (bytes.length > 0 && scanned === 0) first?.();
    const end = findHeadEnd(bytes, scanned);
    if (end >= 0) {
      reader.consume(end);
      return bytes.subarray(0, end);
    }
    if (bytes.length > MAX_HEAD) return new HeadError("the head is too large", 431);
    if (hasBareLineFeed(bytes)) return new HeadError("a line end is not CR LF");
    scanned = bytes.length;
    if (await reader.fill()) continue;
    if (bytes.length === 0) return undefined;
    throw new Deno.errors.UnexpectedEof("the stream ended within a head");
  }
}
