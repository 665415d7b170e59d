/**
 * Log events as questions to the policy engine.
 *
 * @module
 */

import type { DenyReason, DnsAnswer, PolicyEvent } from "../protocol/event.ts";
import type { LogEvent } from "../protocol/log.ts";

const JUDGED = new Set<string>(["http", "https", "tcp", "udp", "dns"]);

/** Reasons other than a missing rule: the proxy or the gate refused it although a rule might allow it. */
const BEYOND_POLICY = new Set<DenyReason>([
  "host_mismatch",
  "unresolved_destination",
  "doh",
  "malformed",
  "gate",
  "unattributed",
  "direct",
  "foreign_token",
  "package_security",
  "method",
  "log_failed",
  "unavailable",
]);

/** What a log line means for a policy. */
export type Meaning =
  | { kind: "event"; event: PolicyEvent }
  | { kind: "lookup"; answer: DnsAnswer }
  /** Refused for a reason that is not the policy's. */
  | { kind: "beyond"; reason: string }
  /** Not about traffic. */
  | { kind: "other" };

/** Reads a log line. Never throws, whatever its fields hold: the engine judges what it cannot read. */
export function meaningOf(line: LogEvent): Meaning {
  if (line.type === "dns_response") return lookupOf(line);
  if (line.type === "gate") return { kind: "beyond", reason: "gate" };
  if (!JUDGED.has(line.type)) return { kind: "other" };
  if (line.policy === "deny" && line.reason !== undefined && BEYOND_POLICY.has(line.reason)) {
    return { kind: "beyond", reason: line.reason };
  }
  return { kind: "event", event: policyEvent(line) };
}

function lookupOf({ name, answers, ttl }: LogEvent): Meaning {
  if (typeof name !== "string" || !Array.isArray(answers)) return { kind: "other" };
  return { kind: "lookup", answer: { name, ips: answers, ttl: ttl ?? 0 } };
}

/** The event of a line of type http, https, tcp, udp or dns. */
export function policyEvent(line: LogEvent): PolicyEvent {
  const event: PolicyEvent = {
    type: line.type as PolicyEvent["type"],
    dst_ip: line.dst_ip ?? "",
    dst_port: line.dst_port ?? 0,
  };
  if (line.host !== undefined) event.host = line.host;
  if (line.url !== undefined) event.url = line.url;
  if (line.method !== undefined) event.method = line.method;
  if (line.name !== undefined) event.name = line.name;
  if (line.github_token === true) event.token = "job";
  // A tunnel and a client that refuses our certificate can only be let through whole.
  if (line.type === "https" && line.url === undefined) {
    event.intercept = line.passthrough !== true && line.error !== "tls_client_rejected_ca";
  }
  if (line.pid !== undefined) event.pid = line.pid;
  if (line.exe !== undefined) event.exe = line.exe;
  if (line.cmdline !== undefined) event.cmdline = line.cmdline;
  if (line.cgroup !== undefined) event.cgroup = line.cgroup;
  if (line.step !== undefined) event.step = line.step;
  if (line.action !== undefined) event.action = line.action;
  if (line.image !== undefined) event.image = line.image;
  return event;
}

/** Seconds since 1970 at which a line's traffic began; undefined if the line does not say. */
export function startOf(line: LogEvent): number | undefined {
  const end = Date.parse(line.ts);
  const lasted = typeof line.duration_ms === "number" ? line.duration_ms : 0;
  return Number.isNaN(end) ? undefined : (end - lasted) / 1000;
}

/** What an event wanted to reach, as a person would write it. */
export function destinationOf(event: PolicyEvent): string {
  if (event.url !== undefined) return `${event.method || "GET"} ${event.url}`;
  if (event.type === "dns") return `lookup of ${event.name ?? "?"} at ${addressOf(event)}`;
  const host = event.host ? `${event.host}:${event.dst_port}` : addressOf(event);
  return `${event.type} ${host}`;
}

function addressOf({ dst_ip, dst_port }: PolicyEvent): string {
  return `${dst_ip}:${dst_port}`;
}

/** Who caused an event, as a person would write it. */
export function processOf({ exe, step, action, image }: PolicyEvent): string {
  const where = [
    step ? `step ${step}` : "",
    action ? `action ${action}` : "",
    image ? `image ${image}` : "",
  ].filter((part) => part !== "");
  return (exe || "an unknown process") + (where.length > 0 ? ` (${where.join(", ")})` : "");
}
