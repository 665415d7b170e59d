/**
 * Moves one message body from a stream to another, reframed, with backpressure.
 *
 * @module
 */

import type { StreamReader } from "../io/reader.ts";
import type { StreamWriter } from "../io/writer.ts";
import { concat, EMPTY } from "../layers/bytes.ts";
import { ChunkedDecoder, encodeChunk, encodeLastChunk } from "../layers/http1_chunked.ts";
import type { Framing } from "../layers/http1_framing.ts";
import { HeadError } from "../layers/http1_head.ts";

/** A body's sender broke the framing, or ended before the body did. The receiver must notice. */
export class BodyError extends Error {
  override name = "BodyError";
}

/** How long a head waits for the first bytes of its body to leave in one write with them. */
const GATHER_MS = 2;

/** How a body is passed on. */
export interface CopyOptions {
  /** Bytes to send first: the message's head. */
  head: Uint8Array;
  /**
   * Wait a moment for body bytes before sending the head. Deno's accepted TLS sockets have Nagle's
   * algorithm on, so that a second small write waits 40 ms for the client's delayed ACK.
   */
  gather: boolean;
  /** Write a chunked body without its framing: for a receiver that knows no chunks. */
  unchunk?: boolean;
}

/**
 * Sends a head and copies the body behind it.
 *
 * @throws {BodyError} if the sender breaks off
 * @throws what the streams' reads and writes throw
 */
export async function copyBody(
  from: StreamReader,
  to: StreamWriter,
  framing: Framing,
  options: CopyOptions,
): Promise<void> {
  if (framing.kind === "none" || (framing.kind === "length" && framing.length === 0)) {
    return await to.write(options.head);
  }
  let head = options.head;
  if (from.size === 0 && options.gather) await firstBytes(from);
  if (from.size === 0) {
    await to.write(head);
    head = EMPTY;
  }
  if (framing.kind === "length") await copyLength(from, to, framing.length, head);
  else if (framing.kind === "chunked") await copyChunked(from, to, head, options.unchunk ?? false);
  else await copyToEnd(from, to, head);
}

async function firstBytes(from: StreamReader): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = new Promise<void>((resolve) => timer = setTimeout(resolve, GATHER_MS));
  try {
    // A failure shows again at the fill that the copying begins with.
    await Promise.race([from.fill().catch(() => {}), wait]);
  } finally {
    clearTimeout(timer);
  }
}

async function copyLength(
  from: StreamReader,
  to: StreamWriter,
  length: number,
  head: Uint8Array,
): Promise<void> {
  let left = length;
  let lead = head;
  for (;;) {
    const piece = from.buffered.subarray(0, Math.min(left, from.size));
    await to.write(lead.length > 0 ? concat(lead, piece) : piece);
    lead = EMPTY;
    from.consume(piece.length);
    left -= piece.length;
    if (left === 0) return;
    if (!await from.fill()) throw new BodyError(`the body ended ${left} bytes too early`);
  }
}

async function copyChunked(
  from: StreamReader,
  to: StreamWriter,
  head: Uint8Array,
  unchunk: boolean,
): Promise<void> {
  const decoder = new ChunkedDecoder();
  let lead = head;
  for (;;) {
    const step = decoder.push(from.buffered);
    if (step instanceof HeadError) throw new BodyError(step.message);
    const data = unchunk ? concat(...step.data) : encodeChunk(step.data);
    const last = decoder.done && !unchunk ? encodeLastChunk(decoder.trailers) : EMPTY;
    await to.write(concat(lead, data, last));
    lead = EMPTY;
    from.consume(step.consumed);
    if (decoder.done) return;
    if (!await from.fill()) throw new BodyError("the chunked body broke off");
  }
}

async function copyToEnd(from: StreamReader, to: StreamWriter, head: Uint8Array): Promise<void> {
  let lead = head;
  do {
    const piece = from.buffered;
    await to.write(lead.length > 0 ? concat(lead, piece) : piece);
    lead = EMPTY;
    from.consume(piece.length);
  } while (await from.fill());
}
