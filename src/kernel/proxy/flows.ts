/**
 * The connections that a proxy asked about, by the number it got for each. No I/O.
 *
 * @module
 */

import type { ProcessInfo } from "../../protocol/mod.ts";

const LIMIT = 65536;

/** Numbers for processes, least recently used forgotten first. */
export class Flows {
  readonly #flows = new Map<number, ProcessInfo>();
  readonly #limit: number;
  #next = 1;

  /** @param limit flows remembered; a proxy has far fewer connections */
  constructor(limit = LIMIT) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#flows.size;
  }

  /** @returns the number of a new flow, from 1 */
  add(process: ProcessInfo): number {
    const id = this.#next++;
    this.#flows.set(id, process);
    if (this.#flows.size > this.#limit) this.#flows.delete(this.#flows.keys().next().value!);
    return id;
  }

  /** @returns undefined if the number was never given, or long ago */
  get(id: number): ProcessInfo | undefined {
    const process = this.#flows.get(id);
    if (!process) return undefined;
    this.#flows.delete(id);
    this.#flows.set(id, process);
    return process;
  }
}
