/**
 * Stands in for an upstream that there is none of, so that a client that speaks only HTTP/2 can be told
 * why: all its requests are refused by the relay, and somebody must still begin and acknowledge.
 *
 * @module
 */

import { concat, EMPTY } from "../bytes.ts";
import { encodePing, encodeSettings, encodeSettingsAck, PREFACE } from "./frame.ts";
import { FrameReader } from "./frame_reader.ts";

/** The smallest server: it has settings, acknowledges, answers PINGs, and takes no requests. */
export class NoUpstream {
  readonly #reader = new FrameReader();
  #begun = false;

  /**
   * Takes `toUpstream` of the relay.
   *
   * @param bytes as the relay gave them; the first begin with the client's preface
   * @returns what to pass to the relay's `fromUpstream`, empty if nothing
   */
  receive(bytes: Uint8Array): Uint8Array {
    const out: Uint8Array[] = [];
    if (!this.#begun) out.push(encodeSettings([]));
    this.#reader.push(this.#begun ? bytes : bytes.subarray(PREFACE.length));
    this.#begun = true;
    for (let frame = this.#reader.next(); frame; frame = this.#reader.next()) {
      // The relay sends no frame that is an error.
      if (frame instanceof Error) throw frame;
      if (frame.type === "settings" && !frame.ack) out.push(encodeSettingsAck());
      if (frame.type === "ping" && !frame.ack) out.push(encodePing(true, frame.data));
    }
    return out.length === 0 ? EMPTY : concat(...out);
  }
}
