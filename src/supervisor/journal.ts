/**
 * Where every event ends up: the log file and the summary.
 *
 * @module
 */

import type { LogEvent } from "../protocol/mod.ts";
import { type LogSink, LogWriter } from "./log_writer.ts";
import { SummaryBuilder } from "./summary.ts";

/** The run's events. */
export class Journal {
  readonly summary = new SummaryBuilder();
  #writer: LogWriter;
  #lastError = "";
  /** Set by who can close the machine: called when the log cannot be written, and when it can again. */
  onWritable: (writable: boolean) => void = () => {};
  /** Takes out of an event what must not be shown. */
  conceal: (event: LogEvent) => LogEvent = (event) => event;

  constructor(sink: LogSink | undefined) {
    this.#writer = new LogWriter(sink, {
      onFailure: (error) => {
        this.#lastError = error.message;
        this.onWritable(false);
      },
      onRecovery: () => this.onWritable(true),
    });
  }

  /** Why the last write failed. */
  get lastError(): string {
    return this.#lastError;
  }

  /** Logs and counts one event. */
  add(event: LogEvent): void {
    const shown = this.conceal(event);
    this.summary.add(shown);
    this.#writer.write(shown);
  }

  /** @returns whether everything was written */
  close(): boolean {
    return this.#writer.close();
  }
}
