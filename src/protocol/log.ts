/**
 * One line of the connection log (contract: docs/log.schema.json).
 *
 * @module
 */

import type { DenyReason } from "./event.ts";

export type LogType =
  | "http"
  | "https"
  | "tcp"
  | "udp"
  | "dns"
  | "dns_response"
  | "sudo"
  | "container"
  | "gate"
  | "start"
  | "stop"
  | "control"
  | "error";

/** Keys in the order in which they are written. A field that does not apply is absent. */
export interface LogEvent {
  ts: string;
  type: LogType;
  policy?: "allow" | "deny";
  reason?: DenyReason;
  dst_ip?: string;
  dst_port?: number;
  host?: string;
  method?: string;
  url?: string;
  name?: string;
  answers?: string[];
  ttl?: number;
  status?: number;
  rule?: string;
  rule_line?: number;
  /** The rule that would allow a denied event. */
  hint?: string;
  passthrough?: boolean;
  insecure?: boolean;
  error?: string;
  security_block?: boolean;
  purl?: string;
  reasons?: string[];
  github_token?: boolean;
  src_port?: number;
  pid?: number;
  exe?: string;
  cmdline?: string[];
  cgroup?: string;
  step?: string;
  action?: string;
  image?: string;
  ancestry?: string[];
  pwd?: string;
  target_user?: string;
  alpn?: string;
  conn?: string;
  bytes_up?: number;
  bytes_down?: number;
  duration_ms?: number;
  count?: number;
  message?: string;
  /** start: eight hexadecimal digits that name the run. */
  run?: string;
  /** start: version of egress. */
  version?: string;
  /** start, stop, control: what it does with denials. */
  mode?: "enforce" | "audit";
  /** start, stop, control: SHA-256 of the text of the policy that holds from here on, 64 hexadecimal digits. */
  policy_sha256?: string;
  /** stop: the run's events (`count` included) that the policy allows, and that it denies. */
  allowed?: number;
  denied?: number;
  /** stop: `error` lines of the run. */
  errors?: number;
  /** stop: packets that the last gate let pass, and that it dropped, since the kernel role started last. */
  gate_passed?: number;
  gate_dropped?: number;
  /** SHA-256 of the line before (chain.ts). */
  prev?: string;
  /** stop: Ed25519 signature of this line without `sig`, base64. */
  sig?: string;
}

const ORDER: readonly (keyof LogEvent)[] = [
  "ts",
  "type",
  "policy",
  "reason",
  "dst_ip",
  "dst_port",
  "host",
  "method",
  "url",
  "name",
  "answers",
  "ttl",
  "status",
  "rule",
  "rule_line",
  "hint",
  "passthrough",
  "insecure",
  "error",
  "security_block",
  "purl",
  "reasons",
  "github_token",
  "src_port",
  "pid",
  "exe",
  "cmdline",
  "cgroup",
  "step",
  "action",
  "image",
  "ancestry",
  "pwd",
  "target_user",
  "alpn",
  "conn",
  "bytes_up",
  "bytes_down",
  "duration_ms",
  "count",
  "message",
  "run",
  "version",
  "mode",
  "policy_sha256",
  "allowed",
  "denied",
  "errors",
  "gate_passed",
  "gate_dropped",
  // The chain's own come last, whatever is added.
  "prev",
  "sig",
];

/** Place of each key. */
const PLACES = new Map<string, number>(ORDER.map((key, place) => [key, place]));

/** Serialises an event as one JSON line (with its line end), keys in the documented order. */
export function formatLogLine(event: LogEvent): string {
  return JSON.stringify(isInOrder(event) ? event : inOrder(event)) + "\n";
}

/** Whether the keys are known and stand as documented: then the event can be written as it is. */
function isInOrder(event: LogEvent): boolean {
  let last = -1;
  for (const key in event) {
    const place = PLACES.get(key) ?? -1;
    if (place <= last || event[key as keyof LogEvent] === null) return false;
    last = place;
  }
  return true;
}

function inOrder(event: LogEvent): Record<string, unknown> {
  const ordered: Record<string, unknown> = {};
  for (const key of ORDER) {
    const value = event[key];
    if (value !== undefined && value !== null) ordered[key] = value;
  }
  return ordered;
}
