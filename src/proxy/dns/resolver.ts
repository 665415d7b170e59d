/**
 * The proxy's own lookups: where does a name lead now?
 *
 * @module
 */

import { encodeLookup } from "../layers/dns_query.ts";
import { askTcp, askUdp } from "./ask.ts";

/** Addresses of a name. */
export interface Resolved {
  ips: string[];
  /** Seconds. */
  ttl: number;
}

const NOTHING: Resolved = { ips: [], ttl: 0 };
const PORT = 53;
const NO_ERROR = 0;
const NO_SUCH_NAME = 3;
/** An answer is used again this long at most, in milliseconds. */
const MAX_KEEP_MS = 30_000;
const MAX_KEPT = 1024;

/** Resolves names with the machine's nameservers, the first that answers. */
export class Resolver {
  readonly #kept = new Map<string, { answer: Promise<Resolved>; until: number }>();

  /**
   * @param nameservers `ADDRESS` or `ADDRESS:PORT`, IPv4
   */
  constructor(readonly nameservers: readonly string[]) {}

  /** The addresses of a host name; none if it has none or nobody answers. */
  resolve(name: string): Promise<Resolved> {
    const kept = this.#kept.get(name);
    // Of a clock that is never set: set back, the other one would keep answers for as long.
    if (kept && kept.until > performance.now()) return kept.answer;
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    const answer = this.#ask(name);
    const entry = { answer, until: Infinity };
    this.#kept.set(name, entry);
    answer.then(({ ttl }) => entry.until = performance.now() + Math.min(ttl * 1000, MAX_KEEP_MS));
    return answer;
  }

  async #ask(name: string): Promise<Resolved> {
    const labels = name.split(".");
    if (labels.some((label) => label === "" || label.length > 63)) return NOTHING;
    const message = encodeLookup(name, 0);
    const asked = {
      encode: (id: number) => encodeLookup(name, id),
      question: message.subarray(12),
      name,
    };
    for (const server of this.nameservers) {
      const [hostname, port] = server.split(":");
      const to = { hostname: hostname!, port: Number(port ?? PORT) };
      const answer = await askUdp(to, asked);
      const whole = answer?.truncated ? await askTcp(to, asked) : answer;
      if (!whole || (whole.rcode !== NO_ERROR && whole.rcode !== NO_SUCH_NAME)) continue;
      return { ips: whole.ips.filter((ip) => !isLocal(ip)), ttl: whole.ttl };
    }
    return NOTHING;
  }
}

/** This machine and its link: a name that leads there proves nothing, and must not be followed. */
function isLocal(ip: string): boolean {
  return /^(0|127|169\.254)\./.test(ip);
}
