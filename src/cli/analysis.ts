/**
 * Replays log events against a policy, with the engine that enforcement uses.
 *
 * @module
 */

import type { PolicyEvent, Verdict } from "../protocol/event.ts";
import type { LogEvent } from "../protocol/log.ts";
import { type CompiledPolicy, compilePolicy, PolicyEngine, type Rule } from "../policy/mod.ts";
import { meaningOf, startOf } from "./events.ts";

/** Distinct pairs that are remembered; it bounds memory. What comes after is judged all the same. */
const MAX_PAIRS = 10_000;

/** A distinct pair of process and destination. */
export interface Pair {
  event: PolicyEvent;
  verdict: Verdict;
  /** Events of this pair. */
  count: number;
}

/** What the policy would have done. */
export interface AnalysisResult {
  /** Events judged. */
  allowed: number;
  blocked: number;
  /** Blocked pairs, the most frequent first; at most 10,000. */
  blockedPairs: Pair[];
  /** Empty unless they were to be listed. */
  allowedPairs: Pair[];
  /** How many pairs were allowed. */
  allowedCount: number;
  /** There were more pairs than are listed. */
  truncated: boolean;
  /** Rules of the policy itself that no event needed. */
  unused: Rule[];
  /** Events refused for another reason than a missing rule, by reason. */
  beyond: Record<string, number>;
}

/** One policy held against logs. */
export class Analysis {
  readonly #compiled: CompiledPolicy;
  #engine: PolicyEngine;
  #now = 0;
  #blocked = 0;
  #allowed = 0;
  #truncated = false;
  readonly #blockedPairs = new Map<string, Pair>();
  readonly #allowedPairs = new Map<string, Pair | null>();
  readonly #used = new Set<number>();
  readonly #beyond: Record<string, number> = {};

  /**
   * @param own the policy's rules
   * @param builtIn rules that are there without it; they count only where none of its own does, so
   *   that a rule which says the same is not called unused
   * @param listAllowed whether the result is to list allowed pairs; counting alone needs less memory
   */
  constructor(
    readonly own: readonly Rule[],
    builtIn: readonly Rule[],
    readonly listAllowed = false,
  ) {
    this.#compiled = compilePolicy([...own, ...builtIn]);
    this.#engine = new PolicyEngine(this.#compiled, { audit: false });
  }

  /** Another log begins: what its lookups told, only its own connections may use. */
  begin() {
    this.#engine = new PolicyEngine(this.#compiled, { audit: false });
  }

  /** Takes the next line of the log. */
  add(line: LogEvent) {
    const meaning = meaningOf(line);
    if (meaning.kind === "other") return;
    this.#now = startOf(line) ?? this.#now;
    if (meaning.kind === "event") return this.#judge(meaning.event);
    if (meaning.kind === "lookup") return this.#engine.record(meaning.answer, this.#now);
    this.#beyond[meaning.reason] = (this.#beyond[meaning.reason] ?? 0) + 1;
  }

  /** The findings so far. */
  result(): AnalysisResult {
    return {
      allowed: this.#allowed,
      blocked: this.#blocked,
      blockedPairs: [...this.#blockedPairs.values()].sort((a, b) => b.count - a.count),
      allowedPairs: [...this.#allowedPairs.values()].filter((pair) => pair !== null)
        .sort((a, b) => b.count - a.count),
      allowedCount: this.#allowedPairs.size,
      truncated: this.#truncated,
      unused: this.own.filter((_, index) => !this.#used.has(index)),
      beyond: this.#beyond,
    };
  }

  #judge(event: PolicyEvent) {
    const verdict = this.#engine.judge(event, this.#now);
    if (this.#needsNoPair(event, verdict)) {
      this.#allowed++;
      return;
    }
    const key = keyOf(event);
    if (verdict.policy === "deny") {
      this.#blocked++;
      const pair = this.#blockedPairs.get(key);
      if (pair) pair.count++;
      else this.#remember(this.#blockedPairs, key, { event, verdict, count: 1 });
      return;
    }
    this.#allowed++;
    const pair = this.#allowedPairs.get(key);
    if (pair) pair.count++;
    if (pair !== undefined && this.#used.has(verdict.rule!)) return;
    this.#markUsed(event, verdict);
    if (pair === undefined) {
      const kept = this.listAllowed ? { event, verdict, count: 1 } : null;
      this.#remember(this.#allowedPairs, key, kept);
    }
  }

  /** Allowed, its rule known to be used, and pairs no longer counted: the rest can be spared. */
  #needsNoPair({ type }: PolicyEvent, { policy, rule }: Verdict): boolean {
    return policy === "allow" && type !== "dns" && !this.listAllowed && this.#truncated &&
      this.#allowedPairs.size >= MAX_PAIRS && this.#used.has(rule!);
  }

  #remember<T>(pairs: Map<string, T>, key: string, pair: T) {
    if (pairs.size < MAX_PAIRS) pairs.set(key, pair);
    else this.#truncated = true;
  }

  #markUsed(event: PolicyEvent, verdict: Verdict) {
    if (verdict.rule === undefined) return;
    this.#used.add(verdict.rule);
    if (event.type !== "dns") return;
    // The verdict names the rule for the name; another one let the resolver be asked.
    const resolver = this.#engine.judge({ ...event, type: "udp" }, this.#now).rule;
    if (resolver !== undefined) this.#used.add(resolver);
  }
}

/** Everything that rules can look at, and nothing else. */
function keyOf(e: PolicyEvent): string {
  const args = Array.isArray(e.cmdline) ? e.cmdline.join("\u0001") : "";
  return `${e.type}\0${e.dst_ip}\0${e.dst_port}\0${e.host ?? ""}\0${e.method ?? ""}\0${
    e.url ?? ""
  }` +
    `\0${e.name ?? ""}\0${e.intercept ?? ""}\0${e.exe ?? ""}\0${e.cgroup ?? ""}\0${e.step ?? ""}` +
    `\0${e.action ?? ""}\0${e.image ?? ""}\0${e.token ?? ""}\0${args}`;
}
