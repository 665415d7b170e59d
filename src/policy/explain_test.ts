import assert from "node:assert/strict";
import type { PolicyEvent } from "../protocol/event.ts";
import { explainRule } from "./explain.ts";
import { parsePolicy } from "./parse.ts";

function wrong(rule: string, event: Partial<PolicyEvent>, names: string[] = []): string[] {
  const place = { dst_ip: "192.0.2.1", dst_port: 443 };
  const parts = explainRule(
    parsePolicy(rule).rules.at(-1)!,
    { ...place, ...event } as PolicyEvent,
    names,
  );
  return parts.filter((part) => !part.ok).map((part) => part.part);
}

Deno.test("which parts of a rule do not fit", () => {
  const request = { type: "http", url: "http://a.com/x", method: "POST" } as const;
  assert.deepEqual(wrong("https://a.com/y exe=/x", request), ["scheme", "method", "path", "exe"]);
  assert.deepEqual(wrong("b.com:22", { type: "https", host: "a.com" }), ["name", "port"]);
  assert.deepEqual(wrong("10.0.0.0/8:1/udp", { type: "tcp" }), ["address", "port", "protocol"]);
  assert.deepEqual(wrong("a.com", { type: "tcp" }), ["name"]);
  assert.deepEqual(wrong("a.com", { type: "tcp" }, ["a.com"]), []);
  assert.deepEqual(wrong("dns:a.com", { type: "https", host: "a.com" }), ["kind"]);
  assert.deepEqual(wrong("a.com:22", { type: "dns", name: "a.com" }), []);
  assert.deepEqual(wrong("a.com arg=-x cgroup=/a", { type: "https", host: "a.com" }), [
    "arg",
    "cgroup",
  ]);
  assert.deepEqual(wrong("[https://a.com/b]\n/*", { ...request, url: "https://a.com/c" }), [
    "method",
    "path",
  ]);
});
