import assert from "node:assert/strict";
import type { PolicyEvent, TokenOwner } from "../protocol/event.ts";
import { compilePolicy } from "./compile.ts";
import { PolicyEngine } from "./engine.ts";
import { explainRule } from "./explain.ts";
import { formatRules } from "./format.ts";
import { parsePolicy } from "./parse.ts";
import { validatePolicy } from "./validate.ts";

function engineOf(text: string): PolicyEngine {
  const { rules, diagnostics } = parsePolicy(text);
  assert.deepEqual(diagnostics, []);
  return new PolicyEngine(compilePolicy(rules), { audit: false });
}

function request(url: string, token?: TokenOwner, method = "GET"): PolicyEvent {
  const event: PolicyEvent = { type: "https", dst_ip: "192.0.2.1", dst_port: 443, url, method };
  return token === undefined ? event : { ...event, token };
}

function handshake(intercept: boolean): PolicyEvent {
  const to = { dst_ip: "192.0.2.1", dst_port: 443 };
  return { type: "https", host: "api.example", intercept, ...to };
}

Deno.test("token=job selects requests with the job's own token and no others", () => {
  const engine = engineOf("api.example token=job\nPOST https://up.example/x token=job");
  for (
    const [url, method] of [["https://api.example/any", "PUT"], ["https://up.example/x", "POST"]]
  ) {
    assert.equal(engine.judge(request(url!, "job", method), 0).policy, "allow", url);
    for (const token of ["foreign", "none", undefined] as const) {
      const verdict = engine.judge(request(url!, token, method), 0);
      assert.equal(verdict.policy, "deny", `${url} ${token}`);
      assert.equal(verdict.reason, "token_required");
      assert.equal(verdict.hint, undefined, "nothing wider is suggested");
    }
  }
  const odd = { ...request("https://api.example/"), token: ["job"] } as unknown as PolicyEvent;
  assert.equal(engine.judge(odd, 0).policy, "deny");
});

Deno.test("a request that no token would help gets its usual hint", () => {
  const verdict = engineOf("https://api.example/a token=job").judge(
    request("https://api.example/b", "none"),
    0,
  );
  assert.equal(verdict.reason, "no_rule");
  assert.equal(verdict.hint, "GET https://api.example/b");
});

Deno.test("a verdict that rests on a token never holds for the connection", () => {
  const engine = engineOf("api.example token=job");
  assert.equal(engine.judge(request("https://api.example/", "job"), 0).hold, "request");
  assert.equal(engine.judge(handshake(true), 0).hold, "request");
  // who asks for no token may as well be let through for good
  const lax = engineOf("api.example");
  assert.equal(lax.judge(request("https://api.example/", "foreign"), 0).hold, "connection");
});

Deno.test("a handshake goes on where each request can be judged, and nowhere else", () => {
  const engine = engineOf("api.example token=job\n192.0.2.53:53/udp");
  assert.equal(engine.judge(handshake(true), 0).policy, "allow");
  assert.equal(engine.judge(handshake(false), 0).policy, "deny");
  const claimed = { ...handshake(false), token: "job" } as const;
  assert.equal(engine.judge(claimed, 0).policy, "deny", "a handshake shows no token");
  const tcp = { type: "tcp", host: "api.example", dst_ip: "192.0.2.1", dst_port: 443 } as const;
  assert.equal(engine.judge({ ...tcp, token: "job" }, 0).policy, "deny");
  const lookup = { type: "dns", name: "api.example", dst_ip: "192.0.2.53", dst_port: 53 } as const;
  assert.equal(engine.judge(lookup, 0).policy, "allow", "the name has to be looked up first");
});

Deno.test("a rule for the whole connection counts before one that asks for a token", () => {
  const engine = engineOf("api.example token=job\napi.example");
  assert.equal(engine.judge(handshake(true), 0).rule, 1);
  assert.equal(engine.judge(request("https://api.example/", "job"), 0).rule, 0);
  assert.equal(engine.judge(request("https://api.example/", "none"), 0).rule, 1);
});

Deno.test("a token stands in a header, for the rules below it", () => {
  const { rules } = parsePolicy("[https://api.example token=job]\n/a\n[]\nb.example");
  assert.deepEqual(rules.map((rule) => "token" in rule.attrs), [true, false]);
  assert.deepEqual(parsePolicy(formatRules(rules)).rules.map((rule) => rule.attrs), [
    rules[0]!.attrs,
    {},
  ]);
});

Deno.test("what is no token=job is an error at its place", () => {
  const wrong: [line: string, code: string, column: number][] = [
    ["api.example token=other", "token-value", 19],
    ["api.example token=*", "token-value", 19],
    ["api.example token=Job", "token-value", 19],
    ['api.example token=""', "token-value", 19],
    ["[token=foreign]", "token-value", 8],
    ["api.example token=job token=job", "duplicate-attribute", 23],
    ["api.example passthrough token=job", "token-passthrough", 25],
    ["api.example:53/udp token=job", "token-target", 20],
    ["192.0.2.1 token=job", "token-target", 11],
    ["192.0.2.0/24 token=job", "token-target", 14],
    ["dns:api.example token=job", "token-target", 17],
  ];
  for (const [line, code, column] of wrong) {
    const { rules, diagnostics } = parsePolicy(line);
    assert.deepEqual(rules, [], line);
    assert.deepEqual(diagnostics.map((d) => [d.code, d.column]), [[code, column]], line);
  }
  const below = parsePolicy("[passthrough token=job]\napi.example").diagnostics;
  assert.deepEqual(below.map((d) => [d.line, d.code]), [[2, "token-passthrough"]]);
});

Deno.test("the linter knows of tokens", () => {
  const codes = (text: string) => validatePolicy(text).map((d) => d.code);
  assert.deepEqual(codes("api.example token=job"), []);
  assert.deepEqual(codes("api.example\napi.example token=job"), ["covered"]);
  assert.deepEqual(
    codes("*.git.example passthrough\nx.git.example token=job").includes(
      "passthrough-hides-token",
    ),
    true,
  );
});

Deno.test("explain says whose token there was", () => {
  const [rule] = parsePolicy("api.example token=job").rules;
  const tokenOf = (event: PolicyEvent) =>
    explainRule(rule!, event).filter(({ part }) => part === "token");
  const url = "https://api.example/";
  assert.deepEqual(tokenOf(request(url, "foreign")), [
    { part: "token", ok: false, detail: "wants job, is foreign" },
  ]);
  assert.equal(tokenOf(request(url))[0]!.detail, "wants job, is not known");
  assert.equal(tokenOf(request(url, "job"))[0]!.ok, true);
  assert.deepEqual(tokenOf(handshake(true)), []);
  assert.equal(tokenOf(handshake(false))[0]!.ok, false);
});
