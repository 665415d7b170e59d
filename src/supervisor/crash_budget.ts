/**
 * How often a role may crash before the scope stays closed. Pure.
 *
 * @module
 */

const WINDOW_MS = 60_000;
const CRASHES = 8;
const FIRST_PAUSE_MS = 25;

/** Counts one role's crashes within the last minute. */
export class CrashBudget {
  #times: number[] = [];

  /**
   * Takes note of one crash.
   *
   * @param now ms, of a clock that is never set
   * @returns how long to wait before the role is started again, in ms: nothing after the first crash, then
   * longer each time, 3.2 s in all; undefined if it is not to be started any more
   */
  spend(now: number): number | undefined {
    this.#times = this.#times.filter((time) => now - time < WINDOW_MS);
    this.#times.push(now);
    const crashes = this.#times.length;
    if (crashes > CRASHES) return undefined;
    return crashes === 1 ? 0 : FIRST_PAUSE_MS * 2 ** (crashes - 2);
  }
}
