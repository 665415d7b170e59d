/**
 * What a run came to, told from what the servers received alone.
 *
 * @module
 */

import type { Received } from "./received.ts";

/** The ways out that the demo's install script tries. */
export const CHANNELS = ["https", "http", "dns", "udp", "tcp"] as const;

/** One of them. */
export type Channel = typeof CHANNELS[number];

/** What reached whom. */
export interface Outcome {
  /** Messages with the secret that reached the attacker, by channel. */
  stolen: Record<Channel, number>;
  /** Anything else that reached the attacker: connections, questions about its names, other messages. */
  contacts: number;
  /** Packets, of any kind, that reached the attacker's network. */
  packets: number;
  /** Requests that the registry served. */
  served: number;
}

/** Counts what the servers received, all but the packets. */
export function outcomeOf(received: readonly Received[], secret: string): Omit<Outcome, "packets"> {
  const stolen: Record<Channel, number> = { https: 0, http: 0, dns: 0, udp: 0, tcp: 0 };
  let contacts = 0;
  let served = 0;
  for (const item of received) {
    if (item.kind === "request" && item.host === "registry.test") served++;
    if (!reachedAttacker(item)) continue;
    if (contentOf(item).includes(secret)) stolen[channelOf(item)]++;
    else contacts++;
  }
  return { stolen, contacts, served };
}

function reachedAttacker(item: Received): boolean {
  if (item.kind === "dns") return item.name === "evil.test" || item.name.endsWith(".evil.test");
  return item.host === "evil.test";
}

function contentOf(item: Received): string {
  switch (item.kind) {
    case "dns":
      return item.name;
    case "request":
      return JSON.stringify([item.url, item.headers, item.body]);
    case "connection":
      return "";
    default:
      return item.data;
  }
}

function channelOf(item: Received): Channel {
  if (item.kind === "request") return item.scheme;
  return item.kind === "connection" ? "tcp" : item.kind;
}
