/**
 * Distinct destinations out of a stream of events.
 *
 * @module
 */

import type { DnsAnswer, PolicyEvent } from "../../protocol/event.ts";
import { parseIpv4 } from "../address.ts";
import { Lookups } from "../lookups.ts";
import { eventName } from "../names.ts";
import { parseRequestUrl } from "../url.ts";
import type { Scope } from "./options.ts";

/** How a destination can be written, the narrowest first. */
export type Form = "url" | "host" | "address" | "dns";

/** One distinct destination, for one value of the scope. */
export interface Observation {
  /** An event that stands for all of them. */
  event: PolicyEvent;
  /** Value of the scope's attribute; empty if it is not known or there is no scope. */
  owner: string;
  /** The name that counts for it; null: only its address does. */
  name: string | null;
  /** The name comes from lookups, not from the event. */
  looked: boolean;
  /** Readings of a request's path: all of them must be allowed. */
  paths: string[][];
  /** Forms worth trying; none if no rule can allow it. */
  forms: Form[];
  count: number;
  /** Logs that show it. */
  runs: number;
  /** Executables seen. */
  exes: Set<string>;
}

/** What an event is about, before events of the same destination are joined. */
type Destination = Pick<Observation, "name" | "looked" | "paths" | "forms">;

/** Collects observations. */
export class Observer {
  readonly #found = new Map<string, Observation & { lastRun: number }>();
  #lookups = new Lookups();
  #run = 0;

  constructor(readonly scope: Scope) {}

  /** Logs begun. */
  get runs(): number {
    return this.#run;
  }

  /** Another log begins. */
  begin() {
    this.#run++;
    this.#lookups = new Lookups();
  }

  /** Takes the answer of a lookup. @param now seconds */
  record(answer: DnsAnswer, now: number) {
    this.#lookups.record(answer, now);
  }

  /** Takes an event. @param now seconds */
  add(event: PolicyEvent, now: number) {
    const destination = this.#destination(event, now);
    const owner = this.scope === "none" ? "" : event[this.scope] ?? "";
    const key = keyOf(event, destination, owner);
    let seen = this.#found.get(key);
    if (!seen) {
      const fresh = { count: 0, runs: 0, lastRun: -1, exes: new Set<string>() };
      this.#found.set(key, seen = { event, owner, ...destination, ...fresh });
    }
    seen.count++;
    if (seen.exes.size < 8) seen.exes.add(event.exe || "an unknown process");
    if (seen.lastRun === this.#run) return;
    seen.lastRun = this.#run;
    seen.runs++;
  }

  /** Everything seen so far. */
  observations(): Observation[] {
    return [...this.#found.values()];
  }

  #destination(event: PolicyEvent, now: number): Destination {
    if (event.type === "dns") {
      return { name: eventName(event.name), looked: false, paths: [], forms: ["dns"] };
    }
    if (event.url !== undefined) return this.#request(event, now);
    // A datagram's name is known from lookups alone.
    const claimed = event.type === "udp" ? null : eventName(event.host);
    if (claimed !== null && event.type === "https" && event.intercept !== true) {
      if (this.#lookups.destination(claimed, event.dst_ip, now) === "other") return HOPELESS;
    }
    const looked = event.host && event.type !== "udp"
      ? undefined
      : this.#lookups.names(event.dst_ip, now).at(-1);
    const name = claimed ?? looked ?? null;
    return {
      name,
      looked: looked !== undefined,
      paths: [],
      forms: name === null ? ["address"] : ["host", "address"],
    };
  }

  #request(event: PolicyEvent, now: number): Destination {
    const url = parseRequestUrl(event.url);
    if (!url) return HOPELESS;
    if (url.scheme === "http" && url.name !== null) {
      if (this.#lookups.destination(url.name, event.dst_ip, now) === "other") return HOPELESS;
    }
    const forms: Form[] = ["address"];
    if (url.name) forms.unshift("host");
    if (url.readings && (url.name ?? url.address)) forms.unshift("url");
    return { name: url.name ?? url.address, looked: false, paths: url.readings ?? [], forms };
  }
}

/** Malformed, or a name claimed at an address that is not its own: no policy lets it through. */
const HOPELESS: Destination = { name: null, looked: false, paths: [], forms: [] };

/** Is it text for an address, so that an address rule can be written? */
export function isAddress(text: string): boolean {
  return parseIpv4(text) !== null;
}

function keyOf(event: PolicyEvent, { name, paths, forms }: Destination, owner: string): string {
  const scheme = forms[0] === "url" ? event.url!.slice(0, 5).toLowerCase() : "";
  const path = paths.map((path) => path.join("/")).join("\u0001");
  const byAddress = name === null || isAddress(name) || event.type === "dns";
  return [
    owner,
    forms[0],
    event.type === "https" && event.url === undefined ? "handshake" : event.type,
    event.intercept === false,
    scheme,
    name,
    byAddress ? event.dst_ip : "",
    event.dst_port,
    forms[0] === "url" ? event.method : "",
    path,
  ].join("\0");
}
