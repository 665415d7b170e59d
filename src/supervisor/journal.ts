/**
 * Where every event ends up: the log file, as a chain of sealed lines, and the summary.
 *
 * @module
 */

import type { KeyObject } from "node:crypto";
import type { Chain } from "../protocol/chain.ts";
import type { KernelStatus, LogEvent } from "../protocol/mod.ts";
import { type LogSink, LogWriter } from "./log_writer.ts";
import { SummaryBuilder } from "../protocol/summary.ts";

/** What the first and the last line of a run say of it. */
export interface RunFacts {
  /** Eight hexadecimal digits. */
  run: string;
  version: string;
  mode: "enforce" | "audit";
  /** SHA-256 of the policy's text, hexadecimal. */
  policy_sha256: string;
}

/** A log to append to. */
export interface JournalFile {
  sink: LogSink;
  chain: Chain;
  /** The file ends within a line: that one must be ended first. */
  torn: boolean;
}

/** The run's events. */
export class Journal {
  readonly summary = new SummaryBuilder();
  readonly #log: { facts: RunFacts; chain: Chain; writer: LogWriter } | undefined;
  #errors = 0;
  #lastError = "";
  #unwritableSince = 0;
  #ended = false;
  /** Set by who can close the machine: called when the log cannot be written, and when it can again. */
  onWritable: (writable: boolean) => void = () => {};
  /** Takes out of an event what must not be shown. */
  conceal: (event: LogEvent) => LogEvent = (event) => event;

  /** Writes the start line. @param log absent: events are only counted */
  constructor(log?: { facts: RunFacts; file: JournalFile }) {
    if (log === undefined) return;
    const { facts, file } = log;
    const writer = new LogWriter(file.sink, {
      onFailure: (error) => {
        this.#lastError = error.message;
        this.#unwritableSince = Date.now();
        this.onWritable(false);
      },
      onRecovery: () => this.#recovered(),
    });
    this.#log = { facts, chain: file.chain, writer };
    if (file.torn) writer.write("\n");
    this.#write({ ts: now(), type: "start", ...facts });
  }

  /** Why the last write failed. */
  get lastError(): string {
    return this.#lastError;
  }

  /** Logs and counts one event. The stop line is the last: when it is written every role has ended. */
  add(event: LogEvent): void {
    const shown = this.conceal(event);
    this.summary.add(shown);
    if (shown.type === "error") this.#errors++;
    if (!this.#ended) this.#write(shown);
  }

  /** Events that `work` adds are written at once when it is done. */
  together(work: () => void): void {
    if (this.#log === undefined) work();
    else this.#log.writer.together(work);
  }

  /** Another policy holds from here on: the log says which, and so does the stop line. */
  policyChanged(change: Pick<RunFacts, "mode" | "policy_sha256">): void {
    const message = `another policy holds: sha256 ${change.policy_sha256}`;
    this.add({ ts: now(), type: "control", message, ...change });
    if (this.#log !== undefined) this.#log.facts = { ...this.#log.facts, ...change };
  }

  /**
   * Writes the stop line.
   *
   * @param gate the last gate's counters, if the kernel role told them
   * @param key signs it
   * @param failure why egress itself failed
   * @returns whether everything was written
   */
  close(gate?: KernelStatus["gate"], key?: KeyObject, failure?: string): boolean {
    if (this.#log === undefined) return true;
    if (!this.#ended) {
      this.#ended = true;
      this.#write({
        ts: now(),
        type: "stop",
        ...this.#log.facts,
        ...(failure !== undefined && { error: "failed", message: failure }),
        allowed: this.summary.allowedCount,
        denied: this.summary.blockedCount,
        errors: this.#errors,
        ...(gate !== undefined && { gate_passed: gate.passed, gate_dropped: gate.dropped }),
      }, key);
    }
    return this.#log.writer.close();
  }

  #write(event: LogEvent, key?: KeyObject): void {
    this.#log?.writer.write(this.#log.chain.seal(event, key));
  }

  /** The time in which the scope was closed for it must show in the log. */
  #recovered(): void {
    this.add({
      ts: now(),
      type: "error",
      error: "log_failed",
      duration_ms: Date.now() - this.#unwritableSince,
      message: `the log could not be written, and the scope was closed: ${this.#lastError}`,
    });
    this.onWritable(true);
  }
}

function now(): string {
  return new Date().toISOString();
}
