/**
 * Follows the chain of a log's lines and says where it does not hold. No I/O.
 *
 * Several runs may append to one log at the same time. Each keeps a chain of its own, which begins at the line that
 * stood last when it started; so a line belongs to the run whose newest line it names.
 *
 * @module
 */

import type { KeyObject } from "node:crypto";
import { GENESIS, isSignedBy, lineHash } from "../protocol/chain.ts";
import type { LogEvent } from "../protocol/log.ts";
import { parseEvent } from "./log_reader.ts";

/** How far back the line may stand that a run's start names while others write. */
const RECENT = 4096;

/** Breaks that are kept; the rest are counted. */
const KEPT = 100;

/** What is wrong with a line. */
export type BreakKind =
  | "torn" // no whole line
  | "unchained" // no `prev`
  | "beginning" // lines before the first are missing
  | "changed" // the line before it, or lines between, are not those that it followed
  | "moved" // it followed a line that stands further up
  | "added" // it follows a stop line, and is no start line
  | "no_stop" // the run that it is the last line of has no stop line
  | "signature"; // not signed, or not by the key

/** A place where the chain does not hold. */
export interface Break {
  /** From 1. */
  line: number;
  kind: BreakKind;
  message: string;
}

/** A line that tells of a gap in enforcement. Written by egress itself: no break. */
export interface Gap {
  line: number;
  error: string;
  message: string;
}

/** One run, from its start line on. */
export interface RunRecord {
  run: string;
  start_line: number;
  /** Absent: it has none. */
  stop_line?: number;
  from: string;
  to?: string;
  version: string;
  mode: string;
  policy_sha256: string;
  allowed?: number;
  denied?: number;
  gate_dropped?: number;
  signature: "valid" | "invalid" | "unchecked" | "none";
  gaps: Gap[];
  /** Policies that took the first one's place. */
  changes: PolicyChange[];
}

/** A line from which on another policy holds. */
export interface PolicyChange {
  line: number;
  mode: string;
  policy_sha256: string;
}

/** What came of one log. */
export interface ChainReport {
  lines: number;
  runs: RunRecord[];
  /** The first hundred. */
  breaks: Break[];
  breakCount: number;
}

interface OpenRun {
  /** Absent: which run it is its stop line must tell. */
  record?: RunRecord;
  /** Of its newest line. */
  head: string;
  line: number;
}

/** Follows one log. */
export class ChainCheck {
  readonly #key: KeyObject | undefined;
  readonly #report: ChainReport = { lines: 0, runs: [], breaks: [], breakCount: 0 };
  readonly #open = new Map<string, OpenRun>();
  /** Line numbers by hash, oldest first. */
  readonly #recent = new Map<string, number>();
  readonly #utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  #last: string;

  /**
   * @param key checks the stop lines' signatures; then each must have one
   * @param before {@link last} of the log that this one goes on from
   */
  constructor(key?: KeyObject, before = GENESIS) {
    this.#key = key;
    this.#last = before;
  }

  /** Hash of the newest line. */
  get last(): string {
    return this.#last;
  }

  /** Takes the next line. @param ended whether a line end followed */
  add(bytes: Uint8Array, ended: boolean): void {
    const number = ++this.#report.lines;
    const hash = lineHash(bytes);
    const text = this.#utf8.decode(bytes);
    const event = parseEvent(text);
    if (event === null || !ended) {
      this.#broken(number, "torn", "no whole line: writing it was cut short, or it was changed");
    } else if (typeof event.prev !== "string") {
      this.#broken(number, "unchained", "it has no prev: egress did not write it");
    } else if (event.type === "start") {
      this.#start(event, event.prev, hash, number);
    } else {
      this.#continue(event, event.prev, hash, number, text);
    }
    this.#last = hash;
    this.#remember(hash, number);
  }

  /** The findings, when the log has ended. */
  finish(): ChainReport {
    for (const { line, record } of this.#open.values()) {
      if (record === undefined) continue;
      const since = `the run ${record.run} of line ${record.start_line} has no stop line behind it`;
      this.#broken(line, "no_stop", `${since}: it goes on, was killed, or its end was cut off`);
    }
    this.#report.breaks.sort((a, b) => a.line - b.line);
    return this.#report;
  }

  #start(event: LogEvent, prev: string, hash: string, number: number): void {
    const besideOthers = this.#open.size > 0 && this.#recent.has(prev);
    if (prev !== this.#last && !besideOthers && !(number === 1 && prev === GENESIS)) {
      this.#strayed(number, prev);
    }
    const record: RunRecord = {
      run: textOf(event.run),
      start_line: number,
      from: textOf(event.ts),
      version: textOf(event.version),
      mode: textOf(event.mode),
      policy_sha256: textOf(event.policy_sha256),
      signature: "none",
      gaps: [],
      changes: [],
    };
    this.#report.runs.push(record);
    this.#open.set(hash, { record, head: hash, line: number });
  }

  #continue(event: LogEvent, prev: string, hash: string, number: number, text: string): void {
    let run = this.#open.get(prev);
    if (run === undefined) {
      this.#strayed(number, prev);
      run = this.#adopt();
    }
    this.#open.delete(run.head);
    run.head = hash;
    run.line = number;
    if (run.record) this.#note(run.record, event, number);
    if (event.type !== "stop") {
      this.#open.set(hash, run);
      return;
    }
    const record = run.record ?? this.#claim(textOf(event.run));
    if (record) this.#stop(record, event, number, text);
  }

  /** The run of a line whose `prev` names no run's newest line, so that what follows is not broken too. */
  #adopt(): OpenRun {
    const [only, ...others] = this.#open.values();
    return only !== undefined && others.length === 0 ? only : { head: "", line: 0 };
  }

  /** The open run of that name, whose stop line has been found. */
  #claim(name: string): RunRecord | undefined {
    for (const run of this.#open.values()) {
      if (run.record?.run !== name) continue;
      this.#open.delete(run.head);
      return run.record;
    }
    return undefined;
  }

  #stop(record: RunRecord, event: LogEvent, number: number, text: string): void {
    record.stop_line = number;
    record.to = textOf(event.ts);
    if (typeof event.allowed === "number") record.allowed = event.allowed;
    if (typeof event.denied === "number") record.denied = event.denied;
    if (typeof event.gate_dropped === "number") record.gate_dropped = event.gate_dropped;
    if (event.error !== undefined) this.#gap(record, event, number);
    if (this.#key === undefined) {
      record.signature = event.sig === undefined ? "none" : "unchecked";
    } else if (event.sig === undefined) {
      this.#broken(number, "signature", "the stop line is not signed");
    } else {
      record.signature = isSignedBy(text, this.#key) ? "valid" : "invalid";
      if (record.signature === "valid") return;
      this.#broken(
        number,
        "signature",
        "the stop line's signature is not by this key, or not of it",
      );
    }
  }

  /** What lines say of the run itself. */
  #note(record: RunRecord, event: LogEvent, line: number): void {
    if (event.type === "error") this.#gap(record, event, line);
    if (event.type !== "control" || event.policy_sha256 === undefined) return;
    if (record.changes.length >= KEPT) return;
    const { mode, policy_sha256 } = event;
    record.changes.push({ line, mode: textOf(mode), policy_sha256: textOf(policy_sha256) });
  }

  #gap(record: RunRecord, event: LogEvent, line: number): void {
    if (record.gaps.length >= KEPT) return;
    record.gaps.push({ line, error: textOf(event.error), message: textOf(event.message) });
  }

  #strayed(number: number, prev: string): void {
    const after = this.#recent.get(prev);
    if (prev === this.#last && number > 1) {
      this.#broken(number, "added", "it stands behind a stop line, where only a run may start");
    } else if (after !== undefined) {
      const between = `what stands between was added, or one of the two was moved`;
      this.#broken(number, "moved", `it followed line ${after} when it was written: ${between}`);
    } else if (number === 1) {
      this.#broken(number, "beginning", "it followed another line: the log's beginning is missing");
    } else if (prev === GENESIS) {
      this.#broken(number, "beginning", "a log begins anew here: two were put together");
    } else {
      const message = `line ${number - 1} was changed, or lines between the two were taken out`;
      this.#broken(number, "changed", message);
    }
  }

  #broken(line: number, kind: BreakKind, message: string): void {
    this.#report.breakCount++;
    if (this.#report.breaks.length < KEPT) this.#report.breaks.push({ line, kind, message });
  }

  #remember(hash: string, line: number): void {
    this.#recent.set(hash, line);
    if (this.#recent.size > RECENT) this.#recent.delete(this.#recent.keys().next().value!);
  }
}

/** A field of a line that anybody may have written. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
