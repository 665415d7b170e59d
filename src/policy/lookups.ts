/**
 * Which names the addresses that were looked up belong to.
 *
 * @module
 */

import type { DnsAnswer } from "../protocol/event.ts";
import { parseIpv4 } from "./address.ts";
import { eventName } from "./names.ts";

/** Seconds that an answer is kept at least and at most. */
const MIN_TTL = 60;
const MAX_TTL = 3600;
/** Pairs of a name and an address that are kept; beyond it those that expire first go. */
const MAX_PAIRS = 65536;

/** Expiry, in seconds of the caller's clock, by name or address. */
type Expiries = Map<string, number>;

/** Answers of resolvers that have not expired. Time is whatever clock the caller passes. */
export class Lookups {
  readonly #byName = new Map<string, Expiries>();
  readonly #byAddress = new Map<string, Expiries>();
  readonly #limit: number;
  #pairs = 0;

  /** @param limit pairs that are kept, at least 8 */
  constructor(limit = MAX_PAIRS) {
    this.#limit = limit;
  }

  /** Pairs kept, expired ones included. */
  get size(): number {
    return this.#pairs;
  }

  /**
   * Takes an answer. Names and addresses that are none tell nothing, nor do special addresses.
   *
   * @param now seconds
   */
  record(answer: DnsAnswer, now: number): void {
    const name = eventName(answer?.name);
    if (name === null || !Array.isArray(answer.ips)) return;
    const expiry = now + clampTtl(answer.ttl);
    for (const ip of answer.ips) {
      const address = parseIpv4(ip);
      if (address !== null && !isSpecial(address)) this.#add(name, ip, expiry);
    }
    if (this.#pairs > this.#limit) this.#evict(now);
  }

  /** Unexpired names of an address, the most recently seen last. */
  names(address: string, now: number): string[] {
    return unexpired(this.#byAddress.get(address), now);
  }

  /** When the tie of a name and an address ends, in seconds; undefined: there is none. */
  expiry(name: string, address: string): number | undefined {
    return this.#byName.get(name)?.get(address);
  }

  /**
   * Is the address one of the name's? `unknown`: no addresses are known for it.
   *
   * @param name from `eventName`
   */
  destination(name: string, address: string, now: number): "confirmed" | "unknown" | "other" {
    const known = this.#byName.get(name);
    if (!known) return "unknown";
    if ((known.get(address) ?? -Infinity) > now) return "confirmed";
    for (const expiry of known.values()) {
      if (expiry > now) return "other";
    }
    return "unknown";
  }

  #add(name: string, address: string, expiry: number) {
    const addresses = entry(this.#byName, name);
    const names = entry(this.#byAddress, address);
    const before = addresses.get(address);
    if (before === undefined) this.#pairs++;
    const until = Math.max(expiry, before ?? expiry);
    addresses.set(address, until);
    names.set(name, until);
  }

  /** Drops what has expired and then, down to seven eighths, what expires first. */
  #evict(now: number) {
    const all: { name: string; address: string; expiry: number }[] = [];
    for (const [name, addresses] of this.#byName) {
      for (const [address, expiry] of addresses) {
        if (expiry <= now) this.#remove(name, address);
        else all.push({ name, address, expiry });
      }
    }
    if (all.length <= this.#limit) return;
    all.sort((a, b) => a.expiry - b.expiry);
    const surplus = all.length - Math.floor(this.#limit * 7 / 8);
    for (const { name, address } of all.slice(0, surplus)) this.#remove(name, address);
  }

  #remove(name: string, address: string) {
    drop(this.#byName, name, address);
    drop(this.#byAddress, address, name);
    this.#pairs--;
  }
}

function clampTtl(ttl: unknown): number {
  const seconds = typeof ttl === "number" && ttl > 0 ? ttl : 0;
  return Math.min(Math.max(seconds, MIN_TTL), MAX_TTL);
}

/** 127.0.0.0/8, 169.254.0.0/16 and 0.0.0.0/8: whoever answers with them names no server of his. */
function isSpecial(address: number): boolean {
  const first = address >>> 24;
  return first === 127 || first === 0 || address >>> 16 === 0xa9fe;
}

function unexpired(expiries: Expiries | undefined, now: number): string[] {
  if (!expiries) return [];
  return [...expiries].filter(([, expiry]) => expiry > now).map(([key]) => key);
}

function entry(map: Map<string, Expiries>, key: string): Expiries {
  let found = map.get(key);
  if (!found) map.set(key, found = new Map());
  return found;
}

function drop(map: Map<string, Expiries>, key: string, inner: string) {
  const expiries = map.get(key);
  expiries?.delete(inner);
  if (expiries?.size === 0) map.delete(key);
}
