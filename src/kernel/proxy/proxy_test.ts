import assert from "node:assert/strict";
import fc from "fast-check";
import { Flows } from "./flows.ts";
import { parseQuestion } from "./questions.ts";

Deno.test("flows are forgotten least recently used first", () => {
  const flows = new Flows(2);
  const a = flows.add({ pid: 1 });
  const b = flows.add({ pid: 2 });
  assert.equal(flows.get(a)?.pid, 1);
  const c = flows.add({ pid: 3 });
  assert.equal(flows.get(b), undefined);
  assert.equal(flows.get(a)?.pid, 1);
  assert.equal(flows.get(c)?.pid, 3);
  assert.equal(flows.get(99), undefined);
});

const FLOW = {
  op: "flow",
  protocol: "tcp",
  src_ip: "10.0.0.1",
  src_port: 1,
  local_ip: "127.0.0.1",
  local_port: 2,
};
const EVENT = { type: "tcp", dst_ip: "192.0.2.1", dst_port: 1 };

Deno.test("questions are taken whole or not at all", () => {
  assert.deepEqual(parseQuestion(FLOW), FLOW);
  assert.ok(parseQuestion({ op: "judge", flow: 1, event: EVENT }));
  assert.ok(parseQuestion({ op: "hello", role: "proxy", index: 0, secret: "s" }));
  assert.ok(parseQuestion({ op: "lookup", answer: { name: "a", ips: ["192.0.2.1"], ttl: 1 } }));
  const bad = [
    { ...FLOW, src_port: 65536 },
    { ...FLOW, src_port: "1" },
    { ...FLOW, protocol: "icmp" },
    { op: "judge", flow: 1 },
    { op: "judge", flow: 1, event: { ...EVENT, type: "other" } },
    { op: "lookup", answer: { name: "a", ips: [1], ttl: 1 } },
    { op: "hello" },
    { op: "other" },
    [],
  ];
  for (const body of bad) assert.equal(parseQuestion(body), undefined, JSON.stringify(body));
});

Deno.test("any JSON is a question or none", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => void parseQuestion(value)), {
    numRuns: 500,
    seed: 1,
  });
});
