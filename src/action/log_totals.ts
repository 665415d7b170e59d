/**
 * A log's events added up for the job's page. Pure.
 *
 * @module
 */

import { type LogEvent, type Summary, SummaryBuilder } from "../protocol/mod.ts";

/** Something that a reader should know of. */
export interface Warning {
  /** The log's fixed code: `kernel_ended`, `control_refused`, ... */
  code: string;
  message: string;
  count: number;
}

/** Warnings that are kept apart. */
const MAX_WARNINGS = 100;

/** What a log came to. */
export class LogTotals {
  readonly #builder = new SummaryBuilder();
  readonly #warnings = new Map<string, Warning>();
  #stopped = false;

  /** Blocked and allowed destinations with counts. */
  get summary(): Summary {
    return this.#builder.build();
  }

  /** Gaps, refusals and failures. */
  get warnings(): Warning[] {
    const cut = this.#stopped ? [] : [{
      code: "no_stop",
      message: "the log has no end: the guard was killed, and the machine was closed from then on",
      count: 1,
    }];
    return [...this.#warnings.values(), ...cut];
  }

  /** Whether egress itself, or what it decided on, had a failure. */
  get failed(): boolean {
    return !this.#stopped || this.#warnings.size > 0;
  }

  /** Adds one event. */
  add(event: LogEvent): void {
    this.#builder.add(event);
    if (event.type === "start") this.#stopped = false;
    if (event.type === "stop") {
      this.#stopped = true;
      if (event.error !== undefined) this.#warn(event.error, event.message ?? "egress failed");
    }
    if (event.type === "error") this.#warn(event.error ?? "error", event.message ?? "");
  }

  /** Adds a line that is no event. */
  addUnreadable(): void {
    this.#warn("torn", "lines of the log cannot be read");
  }

  #warn(code: string, message: string): void {
    const key = `${code} ${message}`;
    const known = this.#warnings.get(key);
    if (known) known.count++;
    else if (this.#warnings.size < MAX_WARNINGS) {
      this.#warnings.set(key, { code, message, count: 1 });
    }
  }
}
