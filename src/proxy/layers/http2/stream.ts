/**
 * One stream of the relay.
 *
 * @module
 */

import type { Field } from "./hpack/static_table.ts";
import type { Request } from "./request.ts";

/** What the client sent on a stream that upstream does not know yet. */
export type Held = { bytes: Uint8Array } | { trailers: Field[] };

/** A stream and how far it has come. */
export interface Stream {
  readonly id: number;
  /**
   * `judging` until answered; `allowed` while streams opened before it are still judged, since ids must
   * reach upstream in order; `open` once upstream has it; `refused` while it is answered from here;
   * `cancelled` if the client reset it before it was answered, so that it still counts.
   */
  phase: "judging" | "allowed" | "open" | "refused" | "cancelled";
  readonly request: Request;
  /** Whether its HEADERS ended it. */
  readonly bodiless: boolean;
  clientEnd: boolean;
  upstreamEnd: boolean;
  held: Held[];
  /** Flow-controlled bytes in `held`. */
  heldFlow: number;
  /** Flow-controlled bytes of a request that is answered from here: they were dropped. */
  unwanted: number;
  /** Bytes that the client lets us send on it; kept only until upstream has the stream. */
  window: number;
  /** Why it is refused, if that is the fault of its header list and nobody was asked. */
  malformed: string | undefined;
  /** The rest of a local answer. */
  body: Uint8Array | undefined;
  /** Status of the final response, once it has begun. */
  status: number | undefined;
  bytesUp: number;
  bytesDown: number;
}

/** The last ids of streams that were reset: what is still under way on them is no error. */
export class RecentIds {
  #ids = new Set<number>();

  /** @param limit how many are remembered */
  constructor(readonly limit: number) {}

  /** Remembers an id, and forgets the oldest if there are too many. */
  add(id: number): void {
    this.#ids.add(id);
    if (this.#ids.size <= this.limit) return;
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest);
      return;
    }
  }

  /** Whether an id is remembered. */
  has(id: number): boolean {
    return this.#ids.has(id);
  }
}
