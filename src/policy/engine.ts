/**
 * Decisions: one verdict per event (policy-language.md, section 6).
 *
 * @module
 */

import type { DenyReason, DnsAnswer, PolicyEvent, Verdict } from "../protocol/event.ts";
import type { CompiledPolicy, CompiledRule } from "./compile.ts";
import { lookupHint, rawHint, requestHint } from "./hint.ts";
import type { Accept } from "./indexes.ts";
import { Lookups } from "./lookups.ts";
import { eventName } from "./names.ts";
import {
  acceptBy,
  selectByRequests,
  selectLookup,
  selectRequest,
  selectWhole,
  type Target,
  targetOf,
} from "./select.ts";
import { parseRequestUrl } from "./url.ts";

/** How the engine answers what no rule allows. */
export interface EngineOptions {
  /** Nothing is blocked; the verdict still says what the policy says. */
  audit: boolean;
}

/** RFC 9110, section 5.6.2: a method is a token. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Seconds that a UDP flow may live: without a lookup behind it, and at most. */
const ADDRESS_FLOW = 60;
const LONGEST_FLOW = 300;

type Destination = Verdict["destination"];

interface Names {
  names: string[];
  destination: Destination;
}

/** What an outcome says beyond allow or deny. */
interface Outcome {
  rule?: CompiledRule | undefined;
  reason?: DenyReason;
  hint?: string | undefined;
  passthrough?: boolean;
  insecure?: boolean;
  ttl?: number;
  /** The name by which the rule matched. */
  host?: string | undefined;
  destination: Destination;
}

/** Judges events against a policy and what lookups have told. Time is the caller's, in seconds. */
export class PolicyEngine {
  #policy: CompiledPolicy;
  #audit: boolean;
  readonly #lookups = new Lookups();

  /** @param compiled from `compilePolicy` */
  constructor(compiled: CompiledPolicy, options: EngineOptions) {
    this.#policy = compiled;
    this.#audit = options.audit;
  }

  /** Puts another policy in force. What lookups have told stays known. */
  replace(compiled: CompiledPolicy, options: EngineOptions): void {
    this.#policy = compiled;
    this.#audit = options.audit;
  }

  /** Takes the answer of a lookup. */
  record(answer: DnsAnswer, now: number): void {
    this.#lookups.record(answer, now);
  }

  /**
   * Decides about an event. Never throws, whatever the event holds.
   *
   * @param now seconds, monotonic
   */
  judge(event: PolicyEvent, now: number): Verdict {
    const outcome = this.#outcome(event, now);
    const rule = outcome.rule;
    const verdict: Verdict = {
      policy: rule ? "allow" : "deny",
      pass: rule !== undefined || this.#audit,
      passthrough: outcome.passthrough ?? false,
      insecure: outcome.insecure ?? false,
      hold: rule && coversConnection(rule) && event.type !== "dns" ? "connection" : "request",
      destination: outcome.destination,
    };
    if (rule) {
      verdict.rule = rule.index;
      verdict.rule_text = rule.rule.text;
      if (rule.rule.line > 0) verdict.rule_line = rule.rule.line;
    } else {
      verdict.reason = outcome.reason ?? "no_rule";
      if (outcome.hint !== undefined) verdict.hint = outcome.hint;
    }
    if (outcome.host !== undefined) verdict.host = outcome.host;
    if (outcome.ttl !== undefined) verdict.ttl = outcome.ttl;
    return verdict;
  }

  #outcome(event: PolicyEvent, now: number): Outcome {
    switch (event?.type) {
      case "https":
        return absent(event.url) ? this.#handshake(event, now) : this.#request(event, now);
      case "http":
        return this.#request(event, now);
      case "tcp":
        return this.#tcp(event, now);
      case "udp":
        return this.#udp(event, now);
      case "dns":
        return this.#lookup(event);
      default:
        return { reason: "malformed", destination: "none" };
    }
  }

  #handshake(event: PolicyEvent, now: number): Outcome {
    const { names, destination } = absent(event.host)
      ? this.#addressNames(event, now)
      : this.#claimedNames(event.host, event, now);
    const intercept = event.intercept === true;
    const target = targetOf(event, "tcp", names);
    target.byAddress = absent(event.host);
    const rule = selectWhole(this.#policy, target) ??
      (intercept ? selectByRequests(this.#policy, target, "https") : undefined);
    // decrypting verifies the name that was claimed; nothing else does
    if (destination === "other" && !intercept) return mismatch(rule);
    if (!rule) return { destination, hint: rawHint(target) };
    if (!intercept || destination === "other") {
      return { rule, destination: reached(rule, destination) };
    }
    const { named, ...flags } = this.#flags(target);
    // a name that switches decryption or verification off still has to be looked up
    return { rule, destination: named ? destination : reached(rule, destination), ...flags };
  }

  /** May the connection stay undecrypted, or its certificate unverified? `named`: by its name. */
  #flags(target: Target): { passthrough: boolean; insecure: boolean; named: boolean } {
    // as with methods and paths, insecure of a rule that asks for a token holds for the whole host
    const accept = acceptBy(target, true);
    const { names } = target;
    const { passthrough, insecureNames, insecureBlocks } = this.#policy;
    if (names.some((name) => passthrough.first(name, accept))) {
      return { passthrough: true, insecure: false, named: true };
    }
    const verified: Accept = (rule) => rule.url?.scheme !== "http" && accept(rule);
    const named = names.some((name) => insecureNames.first(name, verified));
    const byAddress: Accept = (rule) => (!rule.url || !!target.byAddress) && verified(rule);
    const insecure = named || insecureBlocks.first(target.address, byAddress) !== undefined;
    return { passthrough: false, insecure, named };
  }

  #request(event: PolicyEvent, now: number): Outcome {
    const url = parseRequestUrl(event.url);
    const method = absent(event.method) ? "GET" : event.method;
    if (!url || typeof method !== "string" || !TOKEN.test(method)) {
      return { reason: "malformed", destination: "none" };
    }
    const { names, destination } = this.#claimedNames(url.name, event, now);
    const target = targetOf(event, "tcp", names);
    // an address in a URL is a claim too: it must be where the connection goes
    target.byAddress = url.address !== null && url.address === event.dst_ip;
    target.jobToken = event.token === "job";
    const verb = method.toUpperCase();
    const rule = selectRequest(this.#policy, target, url, verb);
    if (destination === "other" && url.scheme === "http") return mismatch(rule);
    if (rule) return { rule, destination: reached(rule, destination) };
    if (this.#policy.asksForToken && !target.jobToken) {
      const withToken = selectRequest(this.#policy, { ...target, jobToken: true }, url, verb);
      // a rule without the token would be wider than what the author wanted
      if (withToken) return { reason: "token_required", destination };
    }
    return { destination, hint: requestHint(target, url, verb) };
  }

  #tcp(event: PolicyEvent, now: number): Outcome {
    const { names, destination } = absent(event.host)
      ? this.#addressNames(event, now)
      : this.#claimedNames(event.host, event, now);
    const target = targetOf(event, "tcp", names);
    const rule = selectWhole(this.#policy, target);
    if (!rule) return { destination, hint: rawHint(target) };
    return { rule, destination, host: this.#namesOf(rule, target)[0] };
  }

  #udp(event: PolicyEvent, now: number): Outcome {
    const { names, destination } = this.#addressNames(event, now);
    const target = targetOf(event, "udp", names);
    const rule = selectWhole(this.#policy, target);
    if (!rule) return { destination, hint: rawHint(target) };
    const named = this.#namesOf(rule, target);
    return { rule, destination, host: named[0], ttl: this.#flowLife(named, target, now) };
  }

  /** Seconds until a UDP flow is to be judged again: not longer than its name is known. */
  #flowLife(names: readonly string[], target: Target, now: number): number {
    if (names.length === 0) return ADDRESS_FLOW;
    const lives = names
      .map((name) => (this.#lookups.expiry(name, target.event.dst_ip) ?? now) - now);
    return Math.min(LONGEST_FLOW, Math.max(...lives));
  }

  /** The names by which a rule matched; none if it did by the address. */
  #namesOf(rule: CompiledRule, target: Target): string[] {
    if (rule.block) return [];
    const accept = acceptBy(target);
    return target.names.filter((name) => this.#policy.hosts.first(name, accept) === rule);
  }

  #lookup(event: PolicyEvent): Outcome {
    const destination = "none";
    const name = eventName(event.name);
    const target = targetOf(event, "udp", []);
    const resolver = this.#policy.blocks.first(target.address, acceptBy(target));
    const rule = name === null ? undefined : selectLookup(this.#policy, event, name);
    if (resolver && rule) return { rule, destination };
    if (name === null) return { reason: "malformed", destination };
    return { hint: lookupHint(target, name, resolver !== undefined), destination };
  }

  #addressNames(event: PolicyEvent, now: number): Names {
    const names = this.#lookups.names(event.dst_ip, now);
    return { names, destination: names.length > 0 ? "confirmed" : "none" };
  }

  #claimedNames(host: unknown, event: PolicyEvent, now: number): Names {
    const name = eventName(host);
    if (name === null) return { names: [], destination: "none" };
    return { names: [name], destination: this.#lookups.destination(name, event.dst_ip, now) };
  }
}

/** Does the rule let every request of a connection through, whatever it says? */
function coversConnection(rule: CompiledRule): boolean {
  return !rule.url && !rule.token;
}

/** Where an address rule allows, the destination itself is allowed, whatever name is claimed. */
function reached(rule: CompiledRule, destination: Destination): Destination {
  return rule.block ? "confirmed" : destination;
}

/** A name was claimed at an address that is not its own; `rule` would have allowed it elsewhere. */
function mismatch(rule: CompiledRule | undefined): Outcome {
  return { reason: rule && !rule.block ? "host_mismatch" : "no_rule", destination: "other" };
}

/** Absent, null and the empty text all mean that there is none. */
function absent(value: unknown): value is undefined {
  return value === undefined || value === null || value === "";
}
