/**
 * The conformance operation `check`: events in order against one engine with one clock.
 *
 * @module
 */

import type { DnsAnswer, PolicyEvent } from "../protocol/event.ts";
import { compilePolicy } from "../policy/compile.ts";
import { PolicyEngine } from "../policy/engine.ts";
import { parsePolicy } from "../policy/parse.ts";
import type { ParseOptions } from "../policy/types.ts";
import { fail, isAbsent, isObject, listOf, stringOf } from "./conformance_fields.ts";

/** One entry of `verdicts`. */
interface Shown {
  verdict: "allow" | "block";
  rule: number | null;
  passthrough: boolean;
  insecure: boolean;
  reason?: string;
  hint?: string;
}

/**
 * Serves a `check` request.
 *
 * @throws {RequestError} if a field is missing or of another type
 */
export function check(request: Record<string, unknown>, options: ParseOptions) {
  const { rules } = parsePolicy(stringOf(request, "policy"), options);
  const audit = request.audit ?? false;
  if (typeof audit !== "boolean") throw fail("audit", "true or false");
  const engine = new PolicyEngine(compilePolicy(rules), { audit });
  const clock = { now: 0 };
  for (const seen of isAbsent(request.dns) ? [] : listOf(request, "dns")) {
    if (!isObject(seen)) throw fail("dns", "objects");
    engine.record(seen as unknown as DnsAnswer, clock.now);
  }
  return { verdicts: listOf(request, "events").map((event) => step(engine, clock, event)) };
}

/** No event is an error, however odd: the engine blocks what it cannot read. */
function step(engine: PolicyEngine, clock: { now: number }, event: unknown): Shown | null {
  const type = isObject(event) ? event.type : undefined;
  if (isObject(event) && type === "dns_response") {
    engine.record(event as unknown as DnsAnswer, clock.now);
    return null;
  }
  if (isObject(event) && type === "advance") {
    const { seconds } = event;
    if (typeof seconds === "number" && seconds > 0) clock.now += seconds;
    return null;
  }
  const verdict = engine.judge(event as PolicyEvent, clock.now);
  return {
    verdict: verdict.pass ? "allow" : "block",
    rule: verdict.rule ?? null,
    passthrough: verdict.passthrough,
    insecure: verdict.insecure,
    reason: verdict.reason,
    hint: verdict.hint,
  };
}
