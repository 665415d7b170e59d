/**
 * How often roles may crash before the scope stays closed. Pure.
 *
 * @module
 */

const WINDOW_MS = 60_000;
const CRASHES = 8;

/** Counts crashes within the last minute. */
export class CrashBudget {
  #times: number[] = [];

  /**
   * Takes note of one crash.
   *
   * @param now ms
   * @returns whether one more restart is due
   */
  spend(now: number): boolean {
    this.#times = this.#times.filter((time) => now - time < WINDOW_MS);
    this.#times.push(now);
    return this.#times.length <= CRASHES;
  }
}
