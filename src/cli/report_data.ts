/**
 * What a report shows of logs: added up line by line, in bounded memory. Pure.
 *
 * @module
 */

import type { LogEvent } from "../protocol/log.ts";
import { destinationOf } from "../protocol/summary.ts";
import { Timeline } from "./timeline.ts";

/** Rows of each table; what comes after is counted in one row. */
export const MAX_ROWS = 2000;
/** Gaps and runs that are listed. */
const MAX_LISTED = 200;
/** Longest text of a cell, in UTF-16 units. */
const MAX_TEXT = 400;

/** A destination with who asked for it. */
export interface Row {
  destination: string;
  count: number;
  exe: string;
  /** `step`, `action` and `image`, as far as there are any. */
  where: string;
  /** Denied: why. Allowed: the rule. */
  why: string;
  /** A rule that would allow what was denied. */
  hint: string;
  first: string;
  last: string;
  bytesUp: number;
  bytesDown: number;
}

/** A run's start, and its stop if there is one. */
export interface ReportedRun {
  run: string;
  from: string;
  to: string;
  mode: string;
  version: string;
  policy: string;
}

/** A line about egress itself. */
export interface ReportedGap {
  ts: string;
  text: string;
}

/** Everything that the page shows. */
export interface ReportData {
  from: string;
  to: string;
  allowed: number;
  denied: number;
  audit: boolean;
  deniedRows: Row[];
  allowedRows: Row[];
  /** Counts by process and by step, most denials first. */
  byProcess: Tally[];
  byStep: Tally[];
  runs: ReportedRun[];
  gaps: ReportedGap[];
  timeline: ReturnType<Timeline["get"]>;
}

/** Events of a process or a step. */
export interface Tally {
  name: string;
  allowed: number;
  denied: number;
}

/** Takes the lines of logs. */
export class ReportBuilder {
  readonly #rows = { allow: new Map<string, Row>(), deny: new Map<string, Row>() };
  readonly #process = new Map<string, Tally>();
  readonly #step = new Map<string, Tally>();
  readonly #runs = new Map<string, ReportedRun>();
  readonly #gaps: ReportedGap[] = [];
  readonly #timeline = new Timeline();
  #from = "";
  #to = "";
  #allowed = 0;
  #denied = 0;

  /** Takes one line, whatever its fields hold. */
  event(line: LogEvent): void {
    const event = wellTyped(line);
    this.#span(event.ts);
    if (event.type === "start" || event.type === "stop") this.#run(event);
    if (event.type === "error" || (event.type === "stop" && event.error !== undefined)) {
      this.#gap(event);
    }
    // Answers belong to lookups that are counted.
    if (event.type !== "dns_response" && event.policy !== undefined) this.#count(event);
  }

  /** The findings. */
  build(): ReportData {
    const rows = (map: Map<string, Row>) => [...map.values()].sort((a, b) => b.count - a.count);
    const tallies = (map: Map<string, Tally>) =>
      [...map.values()].sort((a, b) => b.denied - a.denied || b.allowed - a.allowed);
    return {
      from: this.#from,
      to: this.#to,
      allowed: this.#allowed,
      denied: this.#denied,
      audit: [...this.#runs.values()].some(({ mode }) => mode === "audit"),
      deniedRows: rows(this.#rows.deny),
      allowedRows: rows(this.#rows.allow),
      byProcess: tallies(this.#process),
      byStep: tallies(this.#step),
      runs: [...this.#runs.values()],
      gaps: this.#gaps,
      timeline: this.#timeline.get(),
    };
  }

  #span(ts: string): void {
    if (Number.isNaN(Date.parse(ts))) return;
    if (this.#from === "" || ts < this.#from) this.#from = ts;
    if (ts > this.#to) this.#to = ts;
  }

  #run(event: LogEvent): void {
    const name = event.run ?? "";
    const known = this.#runs.get(name);
    if (known) {
      if (event.type === "stop") known.to = event.ts;
    } else if (this.#runs.size < MAX_LISTED) {
      this.#runs.set(name, {
        run: name,
        from: event.type === "start" ? event.ts : "",
        to: event.type === "stop" ? event.ts : "",
        mode: event.mode ?? "",
        version: event.version ?? "",
        policy: event.policy_sha256 ?? "",
      });
    }
  }

  #gap({ ts, message, error }: LogEvent): void {
    if (this.#gaps.length < MAX_LISTED) this.#gaps.push({ ts, text: message ?? error ?? "" });
  }

  #count(event: LogEvent): void {
    const denied = event.policy === "deny";
    const count = event.count ?? 1;
    if (denied) this.#denied += count;
    else this.#allowed += count;
    this.#timeline.add(Date.parse(event.ts), denied, count);
    add(this.#process, event.exe ?? "(unknown)", denied, count);
    if (event.step !== undefined) add(this.#step, event.step, denied, count);
    const row = this.#rowOf(event, denied);
    row.count += count;
    row.last = event.ts;
    row.bytesUp += event.bytes_up ?? 0;
    row.bytesDown += event.bytes_down ?? 0;
  }

  #rowOf(event: LogEvent, denied: boolean): Row {
    const map = denied ? this.#rows.deny : this.#rows.allow;
    const where = [event.step, event.action, event.image].filter((part) => part).join(", ");
    const text = {
      destination: clipped(destinationOf(event)),
      exe: event.exe ?? "",
      where: clipped(where),
      why: (denied ? event.reason : event.rule) ?? "",
      hint: event.hint ?? "",
    };
    const key = JSON.stringify([text.destination, text.exe, text.where, text.why]);
    const known = map.get(key);
    if (known) return known;
    const full = map.size >= MAX_ROWS;
    const row = {
      ...(full
        ? { destination: "(other destinations)", exe: "", where: "", why: "", hint: "" }
        : text),
      count: 0,
      first: event.ts,
      last: event.ts,
      bytesUp: 0,
      bytesDown: 0,
    };
    if (!full) map.set(key, row);
    return full ? keep(map, row) : row;
  }
}

/** The row for what found no room. */
function keep(map: Map<string, Row>, row: Row): Row {
  const known = map.get("");
  if (known) return known;
  map.set("", row);
  return row;
}

function add(map: Map<string, Tally>, name: string, denied: boolean, count: number): void {
  const key = map.has(name) || map.size < MAX_ROWS ? name : "(others)";
  const tally = map.get(key) ?? { name: key, allowed: 0, denied: 0 };
  tally[denied ? "denied" : "allowed"] += count;
  map.set(key, tally);
}

const TEXTS = [
  "reason",
  "dst_ip",
  "host",
  "method",
  "url",
  "name",
  "rule",
  "hint",
  "error",
  "exe",
  "step",
  "action",
  "image",
  "message",
  "run",
  "version",
  "mode",
  "policy_sha256",
] as const;

const NUMBERS = ["dst_port", "bytes_up", "bytes_down", "count"] as const;

/** The fields that are used, without those of a wrong type: anybody may have written the file. */
function wellTyped(line: LogEvent): LogEvent {
  const fields: Record<string, unknown> = { ...line };
  const event: Record<string, unknown> = {
    ts: typeof line.ts === "string" ? clipped(line.ts) : "",
    type: clipped(line.type),
  };
  if (line.policy === "allow" || line.policy === "deny") event.policy = line.policy;
  for (const key of TEXTS) {
    const value = fields[key];
    if (typeof value === "string") event[key] = clipped(value);
  }
  for (const key of NUMBERS) {
    const value = fields[key];
    if (typeof value === "number" && Number.isFinite(value) && value >= 0) event[key] = value;
  }
  return event as unknown as LogEvent;
}

function clipped(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}...`;
}
