/**
 * The job's log: every line with secrets hidden.
 *
 * @module
 */

import { appendFileSync } from "node:fs";

/** Takes lines. */
export class JobLog {
  readonly #masks = new Set<string>();

  constructor(readonly path: string) {}

  /** Hides a value from now on, and each of its lines. */
  mask(value: string): void {
    for (const part of [value, ...value.split(/\r?\n/)]) {
      if (part.trim() !== "") this.#masks.add(part);
    }
  }

  /** The text without what is secret. */
  hide(text: string): string {
    const masks = [...this.#masks].sort((a, b) => b.length - a.length);
    return masks.reduce((hidden, mask) => hidden.replaceAll(mask, "***"), text);
  }

  line(text: string): void {
    appendFileSync(this.path, `${new Date().toISOString()} ${this.hide(text)}\n`);
  }
}
