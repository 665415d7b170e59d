/**
 * What a run came to: destinations with counts, who, and which rule would allow what was blocked. Pure.
 *
 * @module
 */

import type { LogEvent } from "./log.ts";

/** One destination of the summary. */
export interface SummaryEntry {
  /** `https://host`, `name (dns)`, `ip:port/udp`, ... */
  destination: string;
  count: number;
  exe?: string;
  step?: string;
  reason?: string;
  /** Rule that would allow it. */
  hint?: string;
}

/** Totals of a run. */
export interface Summary {
  allowed: SummaryEntry[];
  blocked: SummaryEntry[];
  allowedCount: number;
  blockedCount: number;
}

/** Destinations kept apart; beyond, they are counted together so that memory stays bounded. */
const MAX_ENTRIES = 2000;

/** Adds events up as they come. */
export class SummaryBuilder {
  #allowed = new Map<string, SummaryEntry>();
  #blocked = new Map<string, SummaryEntry>();
  #allowedCount = 0;
  #blockedCount = 0;

  /** How many events were allowed so far. */
  get allowedCount(): number {
    return this.#allowedCount;
  }

  /** How many events were denied so far. */
  get blockedCount(): number {
    return this.#blockedCount;
  }

  /** Counts one event of the log. */
  add(event: LogEvent): void {
    if (event.policy === undefined || event.type === "dns_response") return;
    const denied = event.policy === "deny";
    const count = event.count ?? 1;
    if (denied) this.#blockedCount += count;
    else this.#allowedCount += count;
    const map = denied ? this.#blocked : this.#allowed;
    let destination = destinationOf(event);
    if (map.size >= MAX_ENTRIES) destination = "(other destinations)";
    const key = JSON.stringify([destination, event.exe, event.reason, event.step]);
    const entry = map.get(key);
    if (entry) {
      entry.count += count;
      return;
    }
    map.set(key, {
      destination,
      count,
      ...(event.exe !== undefined && { exe: event.exe }),
      ...(event.step !== undefined && { step: event.step }),
      ...(event.reason !== undefined && { reason: event.reason }),
      ...(event.hint !== undefined && { hint: event.hint }),
    });
  }

  /** The totals, most frequent first. */
  build(): Summary {
    const sorted = (map: Map<string, SummaryEntry>) =>
      [...map.values()].sort((a, b) =>
        b.count - a.count || (a.destination < b.destination ? -1 : 1)
      );
    return {
      allowed: sorted(this.#allowed),
      blocked: sorted(this.#blocked),
      allowedCount: this.#allowedCount,
      blockedCount: this.#blockedCount,
    };
  }
}

/** Names what an event was about, as a user would. */
export function destinationOf(event: LogEvent): string {
  // What has no ports, as ICMP, is told by its address alone.
  const port = event.dst_port === undefined ? "" : `:${event.dst_port}`;
  const address = `${event.dst_ip ?? "?"}${port}`;
  switch (event.type) {
    case "dns":
      return `${event.name ?? "?"} (dns)`;
    case "http":
    case "https":
      if (event.url !== undefined && event.policy === "deny") {
        return `${event.method ?? "GET"} ${event.url}`;
      }
      if (event.url !== undefined) return originOf(event.url);
      return event.host !== undefined
        ? `${event.type}://${event.host}`
        : `${event.type}://${address}`;
    case "sudo":
      // Arguments may hold secrets.
      return `sudo ${event.exe ?? "?"}`;
    case "tcp":
    case "udp":
      return `${event.host !== undefined ? `${event.host} (${address})` : address}/${event.type}`;
    default:
      return event.dst_ip !== undefined
        ? `${address} (${event.type})`
        : event.message ?? event.type;
  }
}

function originOf(url: string): string {
  const end = url.indexOf("/", url.indexOf("://") + 3);
  return end < 0 ? url : url.slice(0, end);
}
