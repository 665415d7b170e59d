/**
 * How long each step of the start took.
 *
 * @module
 */

/** Measures laps in ms. */
export class StepClock {
  #last = performance.now();
  #laps: [string, number][] = [];

  /** Ends a step. */
  lap(name: string): void {
    const now = performance.now();
    this.#laps.push([name, now - this.#last]);
    this.#last = now;
  }

  /** One line: each step with its ms. */
  render(): string {
    const total = this.#laps.reduce((sum, [, ms]) => sum + ms, 0);
    return `egress: start ${total.toFixed(0)} ms: ` +
      this.#laps.map(([name, ms]) => `${name} ${ms.toFixed(0)}`).join(", ");
  }
}
