/**
 * Indexes of compiled rules, so that a decision looks at candidates, not at every rule.
 *
 * @module
 */

import { maskTo } from "./address.ts";
import type { CompiledRule } from "./compile.ts";
import { hostMatches, type HostPattern } from "./names.ts";

/** What else must hold for a candidate. */
export type Accept = (rule: CompiledRule) => boolean;

/** Rules by their host: whole names, and wildcards by what follows their pattern. */
export class NameIndex {
  readonly #exact = new Map<string, CompiledRule[]>();
  readonly #wild = new Map<string, CompiledRule[]>();
  /** Wildcards by their pattern and what follows it. */
  readonly #patterns = new Map<string, CompiledRule[]>();

  /** Rules are to be added in text order; those without a host name are left out. */
  add(rule: CompiledRule): void {
    if (!rule.host) return;
    const { base, label, deep } = rule.host;
    if (label === null && !deep) return push(this.#exact, base, rule);
    push(this.#wild, base, rule);
    push(this.#patterns, patternKey(base, label?.source ?? null), rule);
  }

  /**
   * The first rule in text order for the name that is accepted.
   *
   * @param name from `eventName`
   */
  first(name: string, accept: Accept): CompiledRule | undefined {
    let best = firstOf(this.#exact.get(name), accept, undefined);
    if (this.#wild.size === 0) return best;
    for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
      const candidates = this.#wild.get(name.slice(dot + 1));
      if (!candidates) continue;
      best = firstOf(candidates, (rule) => hostMatches(rule.host!, name) && accept(rule), best);
    }
    return best;
  }

  /**
   * Rules whose host may cover that of a rule: the same host, every wildcard for a name, and for a
   * wildcard those with the same pattern or none.
   */
  near({ base, label, deep }: HostPattern): CompiledRule[] {
    const exact = label === null && !deep;
    const found = [this.#exact.get(base)];
    for (let from = 0; from >= 0; from = next(base, from)) {
      const outer = base.slice(from);
      found.push(exact ? this.#wild.get(outer) : this.#patterns.get(patternKey(outer, null)));
    }
    if (label) found.push(this.#patterns.get(patternKey(base, label.source)));
    return found.flatMap((rules) => rules ?? []);
  }
}

/** Where the name after the next dot begins; -1: nowhere. */
function next(name: string, from: number): number {
  const dot = name.indexOf(".", from);
  return dot < 0 ? -1 : dot + 1;
}

function patternKey(base: string, label: string | null): string {
  return `${label ?? ""} ${base}`;
}

/** Rules by their address block, a single address being a block of 32 bits. */
export class AddressIndex {
  /** By mask length, then by network. */
  readonly #byBits = new Map<number, Map<number, CompiledRule[]>>();

  /** Rules are to be added in text order; those without a block are left out. */
  add(rule: CompiledRule): void {
    if (!rule.block) return;
    const { network, bits } = rule.block;
    let networks = this.#byBits.get(bits);
    if (!networks) this.#byBits.set(bits, networks = new Map());
    push(networks, network, rule);
  }

  /** The first rule in text order whose block holds the address and that is accepted. */
  first(address: number | null, accept: Accept): CompiledRule | undefined {
    if (address === null) return undefined;
    let best: CompiledRule | undefined;
    for (const [bits, networks] of this.#byBits) {
      best = firstOf(networks.get(maskTo(address, bits)), accept, best);
    }
    return best;
  }

  /** Every rule whose block holds the address. */
  near(address: number): CompiledRule[] {
    return [...this.#byBits].flatMap(([bits, networks]) =>
      networks.get(maskTo(address, bits)) ?? []
    );
  }
}

/** The earlier of two rules. */
export function earlier<R extends { index: number }>(a: R | undefined, b: R | undefined) {
  if (!a || !b) return a ?? b;
  return a.index <= b.index ? a : b;
}

/** Candidates are in text order, so the first accepted one before `best` wins. */
function firstOf(
  candidates: CompiledRule[] | undefined,
  accept: Accept,
  best: CompiledRule | undefined,
): CompiledRule | undefined {
  if (!candidates) return best;
  for (const rule of candidates) {
    if (best && rule.index > best.index) return best;
    if (accept(rule)) return rule;
  }
  return best;
}

function push<K>(map: Map<K, CompiledRule[]>, key: K, rule: CompiledRule) {
  const list = map.get(key);
  if (list) list.push(rule);
  else map.set(key, [rule]);
}
