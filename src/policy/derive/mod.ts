/**
 * A minimal policy that allows what was seen.
 *
 * @module
 */

import type { DnsAnswer, PolicyEvent } from "../../protocol/event.ts";
import { compilePolicy } from "../compile.ts";
import { PolicyEngine } from "../engine.ts";
import { parsePolicy } from "../parse.ts";
import { parseRepository } from "../placeholders.ts";
import { type Form, type Observation, Observer } from "./observe.ts";
import type { DraftOptions } from "./options.ts";
import { renderDraft } from "./render.ts";
import { type Choice, type DraftRule, draftRules, resolverRule, withOwner } from "./rules.ts";

export { type DraftOptions, type Scope, SCOPES } from "./options.ts";

/** A policy derived from events. */
export interface Draft {
  /** Policy text, commented. */
  text: string;
  rules: number;
  /** Events that no rule can allow, for instance malformed requests; they stand in comments. */
  uncovered: PolicyEvent[];
  /** Destinations left out because too few logs show them. */
  rare: number;
}

/** Collects events of one or many logs and derives a policy from them. */
export class PolicyDraft {
  readonly #options: DraftOptions;
  readonly #observer: Observer;

  constructor(options: DraftOptions = {}) {
    this.#options = options;
    this.#observer = new Observer(options.scope ?? "none");
  }

  /** Another log begins. */
  begin(): void {
    this.#observer.begin();
  }

  /** Takes the answer of a lookup. @param now seconds, as for {@link add} */
  record(answer: DnsAnswer, now: number): void {
    this.#observer.record(answer, now);
  }

  /** Takes an event. @param now seconds on any clock that does not go back within one log */
  add(event: PolicyEvent, now: number): void {
    this.#observer.add(event, now);
  }

  /**
   * The policy. Every rule is tried by the engine on what it was made for; where the narrow form does
   * not let it through, a wider one takes its place.
   */
  derive(): Draft {
    const all = this.#observer.observations();
    const minRuns = this.#options.minRuns ?? 1;
    const kept = all.filter(({ runs }) => runs >= minRuns);
    const chosen = new Map(kept.map((seen) => [seen, 0]));
    const resolvers = this.#resolvers(kept);
    for (;;) {
      const choices = [...chosen].flatMap(([seen, at]) => choiceOf(seen, at));
      const rules = withoutCovered(draftRules(choices, this.#context()));
      const failed = this.#failures([...resolvers, ...rules], kept);
      const wider = failed.filter((seen) => chosen.get(seen)! + 1 < lastForm(seen));
      if (wider.length === 0) {
        const useful = this.#useful([...resolvers, ...rules], failed, kept);
        return this.#finish(resolvers, rules, useful, failed, all.length - kept.length);
      }
      for (const seen of wider) chosen.set(seen, chosen.get(seen)! + 1);
    }
  }

  #context() {
    const names = parseRepository(this.#options.repository);
    const repository = names ? [names.owner, names.repo] as const : null;
    return { wildcards: this.#options.wildcards === true, repository };
  }

  #resolvers(kept: readonly Observation[]): DraftRule[] {
    const rules = new Map<string, DraftRule>();
    for (const seen of kept) {
      const text = seen.event.type === "dns" ? resolverRule(seen.event) : null;
      if (text === null) continue;
      const key = `${seen.owner}\0${text}`;
      const rule = rules.get(key);
      if (rule) rule.seen.push(seen);
      else rules.set(key, { text, owner: seen.owner, host: seen.event.dst_ip, seen: [seen] });
    }
    return [...rules.values()];
  }

  #failures(rules: readonly DraftRule[], kept: readonly Observation[]): Observation[] {
    const { repository, scope } = this.#options;
    const text = rules.map((rule) => withOwner(rule, scope ?? "none")).join("\n");
    const parsed = parsePolicy(text, repository === undefined ? {} : { repository });
    const policy = compilePolicy(parsed.rules);
    return kept.filter(({ event, name, looked, forms }) => {
      if (forms.length === 0) return true;
      const engine = new PolicyEngine(policy, { audit: false });
      if (looked && name !== null) engine.record({ name, ips: [event.dst_ip], ttl: 60 }, 0);
      return engine.judge(event, 0).policy === "deny";
    });
  }

  /** Rules that something needs; all of them if one that was made in vain helps another event. */
  #useful(
    rules: readonly DraftRule[],
    failed: readonly Observation[],
    kept: readonly Observation[],
  ): Set<DraftRule> {
    const lost = new Set(failed);
    const useful = rules.filter((rule) => rule.seen.some((seen) => !lost.has(seen)));
    const same = this.#failures(useful, kept).length === failed.length;
    return new Set(same ? useful : rules);
  }

  #finish(
    resolvers: readonly DraftRule[],
    rules: readonly DraftRule[],
    useful: ReadonlySet<DraftRule>,
    uncovered: readonly Observation[],
    rare: number,
  ): Draft {
    const kept = rules.filter((rule) => useful.has(rule));
    const asked = resolvers.filter((rule) => useful.has(rule));
    return {
      text: renderDraft(asked, kept, uncovered, this.#options.scope ?? "none"),
      rules: useful.size,
      uncovered: uncovered.map(({ event }) => event),
      rare,
    };
  }
}

/** Lookups need a rule of their own only where no other rule admits the name: they start without. */
function choiceOf(seen: Observation, at: number): Choice[] {
  const form: Form | undefined = seen.forms[seen.event.type === "dns" ? at - 1 : at];
  if (form === undefined || (form !== "address" && seen.name === null)) return [];
  return [{ seen, form }];
}

/** Steps that an observation can take. */
function lastForm(seen: Observation): number {
  return seen.event.type === "dns" ? seen.forms.length + 1 : seen.forms.length;
}

/** Drops URL rules of hosts whose every path is allowed on that port anyway. */
function withoutCovered(rules: readonly DraftRule[]): DraftRule[] {
  const whole = new Set(
    rules.map(({ owner, text }) => `${owner}\0${text.replace(/ passthrough$/, "")}`),
  );
  return rules.filter(({ owner, text, host }) => {
    const port = /^[A-Z|*]+ (https?):\/\/[^/:]+(?::(\d+))?\//.exec(text);
    if (!port) return true;
    const number = port[2] ?? (port[1] === "https" ? "443" : "80");
    return !whole.has(`${owner}\0${host}${number === "443" ? "" : `:${number}`}`);
  });
}
