import fc from "fast-check";
import assert from "node:assert/strict";
import type { DnsAnswer, PolicyEvent } from "../protocol/event.ts";
import { compilePolicy } from "./compile.ts";
import { PolicyEngine } from "./engine.ts";
import { explainRule } from "./explain.ts";
import { formatRule, formatRules } from "./format.ts";
import { parsePolicy } from "./parse.ts";
import { pathReadings } from "./path.ts";
import { dnsAnswers, policyEvent, policyLine, policyText } from "./testing/arbitrary.ts";
import { naiveWithLookups } from "./testing/naive.ts";
import type { Rule } from "./types.ts";
import { validatePolicy } from "./validate.ts";

const seed = 20260611;

function engineFor(text: string): PolicyEngine {
  return new PolicyEngine(compilePolicy(parsePolicy(text).rules), { audit: false });
}

/** Pieces of the language, put together without sense. */
const scraps = fc.array(
  fc.oneof(
    fc.constantFrom("[", "]", "{owner}", "{repo}", "https://", "a.com", "*", "/", ":", "|", "exe="),
    fc.constantFrom('"', "`", "#", " ", "\t", "\r", "\n", "\u2028", "\uFEFF", "insecure", "dns:"),
    fc.string({ unit: "binary", maxLength: 5 }),
    policyLine,
  ),
  { maxLength: 20 },
).map((parts) => parts.join(""));

Deno.test("any text is parsed and validated: a rule, a diagnostic or nothing per line", () => {
  fc.assert(
    fc.property(scraps, fc.constantFrom("keep", "any"), (text, placeholders) => {
      const { rules, diagnostics } = parsePolicy(text, { placeholders });
      const lines = [...rules, ...diagnostics].map((item) => item.line);
      assert.equal(new Set(lines).size, lines.length);
      assert.ok(lines.every((line) => line >= 1 && line <= text.split("\n").length));
      assert.ok(diagnostics.every(({ column }) => column >= 1));
      validatePolicy(text, { placeholders });
    }),
    { seed, numRuns: 2000 },
  );
});

Deno.test("any event is judged, any answer taken", () => {
  const key = fc.constantFrom("type", "host", "url", "method", "name", "dst_ip", "dst_port", "exe");
  const type = fc.constantFrom("https", "http", "tcp", "udp", "dns");
  const keys = fc.oneof(key, fc.constantFrom("cmdline", "cgroup", "intercept", "step"));
  const odd = fc.oneof(
    fc.anything(),
    fc.tuple(fc.dictionary(keys, fc.anything()), type).map(([event, type]) => ({ ...event, type })),
    fc.tuple(policyEvent, fc.webUrl(), fc.string({ unit: "binary" })).map(([event, url, more]) => ({
      ...event,
      url: url + more,
    })),
  );
  const engine = engineFor("*.com\n10.0.0.0/8:*\nhttps://*.e.com/* exe=*\n0.0.0.0/0:53/udp arg=*");
  fc.assert(
    fc.property(odd, (event) => {
      engine.record(event as DnsAnswer, 0);
      const verdict = engine.judge(event as PolicyEvent, 0);
      assert.equal(verdict.policy === "allow", verdict.rule !== undefined);
      assert.equal(verdict.policy === "deny", verdict.reason !== undefined);
    }),
    { seed, numRuns: 2000 },
  );
});

/** Without what depends on where the rule stood and how it was written. */
function essence({ line: _line, text: _text, ...rule }: Rule) {
  return rule;
}

Deno.test("parsing printed rules gives the same rules", () => {
  fc.assert(
    fc.property(policyText, (text) => {
      const { rules } = parsePolicy(text);
      const again = parsePolicy(formatRules(rules));
      assert.deepEqual(again.diagnostics, []);
      assert.deepEqual(again.rules.map(essence), rules.map(essence));
      for (const rule of rules) {
        assert.deepEqual(parsePolicy(formatRule(rule)).rules.map(essence), [essence(rule)]);
      }
    }),
    { seed, numRuns: 500 },
  );
});

Deno.test("adding a rule never blocks more", () => {
  const events = fc.array(policyEvent, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(policyText, policyLine, dnsAnswers, events, (text, line, answers, events) => {
      const one = engineFor(text);
      const more = engineFor(`${text}\n[]\n${line}`);
      for (const engine of [one, more]) answers.forEach((answer) => engine.record(answer, 0));
      for (const event of events) {
        if (one.judge(event, 0).pass) assert.ok(more.judge(event, 0).pass);
      }
    }),
    { seed, numRuns: 1000 },
  );
});

Deno.test("the compiled matcher agrees with a naive reading of one rule at a time", () => {
  let allowed = 0;
  const events = fc.array(policyEvent, { maxLength: 12, size: "max" });
  fc.assert(
    fc.property(policyText, dnsAnswers, events, (text, answers, events) => {
      const { rules } = parsePolicy(text);
      const engine = new PolicyEngine(compilePolicy(rules), { audit: false });
      for (const answer of answers) engine.record(answer, 0);
      for (const event of events) {
        const { rule } = engine.judge(event, 0);
        assert.equal(rule, naiveWithLookups(rules, event, answers), JSON.stringify(event));
        if (rule !== undefined) allowed++;
      }
    }),
    { seed, numRuns: 800 },
  );
  assert.ok(allowed > 500, `only ${allowed} events met a rule`);
});

Deno.test("a hint, added to the policy, allows what was denied", () => {
  let hints = 0;
  fc.assert(
    fc.property(policyText, policyEvent, (text, event) => {
      const { hint } = engineFor(text).judge(event, 0);
      if (hint === undefined) return;
      const verdict = engineFor(`${text}\n[]\n${hint}`).judge(event, 0);
      // a lookup may need its resolver and its name
      const second = event.type === "dns" ? `\n${verdict.hint ?? ""}` : "";
      assert.ok(engineFor(`${text}\n[]\n${hint}${second}`).judge(event, 0).pass, hint);
      hints++;
    }),
    { seed, numRuns: 1000 },
  );
  assert.ok(hints > 100, `only ${hints} hints`);
});

Deno.test("explaining the rule that allows finds nothing wrong", () => {
  fc.assert(
    fc.property(policyText, policyEvent, (text, event) => {
      const { rules } = parsePolicy(text);
      const { rule } = engineFor(text).judge(event, 0);
      for (const each of rules) {
        const parts = explainRule(each, event);
        if (each === rules[rule!]) assert.ok(parts.every((part) => part.ok), JSON.stringify(parts));
      }
    }),
    { seed, numRuns: 500 },
  );
});

Deno.test("one reading of a path is what a URL parser makes of it", () => {
  const piece = fc.constantFrom("a", "b", ".", "..", "%2e", "%2E.", "/", "\\", "c%41", "%7e", "~");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const path = "/" + pieces.join("");
      const resolved = new URL("https://h.com" + path).pathname;
      const normal = pathReadings(resolved)![0]!;
      const readings = pathReadings(path)!.map((reading) => reading.join("/"));
      assert.ok(readings.includes(normal.join("/")), `${path} ${resolved} ${readings}`);
    }),
    { seed, numRuns: 2000 },
  );
});
