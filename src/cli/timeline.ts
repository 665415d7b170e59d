/**
 * Counts over time, in a bounded number of steps whatever the log's length. Pure.
 *
 * @module
 */

/** Steps at most; when there would be more, two become one. */
export const MAX_STEPS = 120;

/** What happened in one step. */
export interface Step {
  allowed: number;
  denied: number;
}

/** Adds events up by time. */
export class Timeline {
  #origin: number | undefined;
  #width = 1000;
  #steps: Step[] = [];

  /** @param at ms since 1970; what comes before the first counts with it */
  add(at: number, denied: boolean, count: number): void {
    if (!Number.isFinite(at)) return;
    this.#origin ??= at;
    const since = Math.max(0, at - this.#origin);
    while (since / this.#width >= MAX_STEPS) this.#fold();
    const index = Math.floor(since / this.#width);
    while (this.#steps.length <= index) this.#steps.push({ allowed: 0, denied: 0 });
    this.#steps[index]![denied ? "denied" : "allowed"] += count;
  }

  /** When the first step begins (ms since 1970), how long each is (ms), and what was in them. */
  get(): { origin: number; width: number; steps: readonly Step[] } {
    return { origin: this.#origin ?? 0, width: this.#width, steps: this.#steps };
  }

  #fold(): void {
    this.#width *= 2;
    const folded: Step[] = [];
    for (const [index, step] of this.#steps.entries()) {
      if (index % 2 === 0) folded.push({ ...step });
      else {
        const last = folded.at(-1)!;
        last.allowed += step.allowed;
        last.denied += step.denied;
      }
    }
    this.#steps = folded;
  }
}
