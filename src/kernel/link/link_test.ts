import assert from "node:assert/strict";
import type { LogEvent } from "../../protocol/mod.ts";
import { LookupJournal } from "./journal.ts";
import { Repetitions } from "./log.ts";
import { parseBoot, parseOrder } from "./orders.ts";
import { isVerdict } from "./verdict.ts";

const answer = (name: string, ttl = 300) => ({ name, ips: ["192.0.2.1"], ttl });

Deno.test("the journal replays what still counts, latest time of each, in order", () => {
  const journal = new LookupJournal();
  journal.record(answer("a.example"), 0);
  journal.record(answer("b.example"), 1);
  journal.record(answer("a.example"), 2);
  journal.record(answer("short.example", 1), 3);
  assert.deepEqual(journal.replay(50).map((r) => [r.answer.name, r.now]), [
    ["b.example", 1],
    ["a.example", 2],
    ["short.example", 3],
  ]);
  assert.deepEqual(journal.replay(64).map((r) => r.answer.name), ["b.example", "a.example"]);
});

Deno.test("the journal forgets the oldest beyond its limit", () => {
  const journal = new LookupJournal(2);
  for (const name of ["a", "b", "c"]) journal.record(answer(name), 0);
  assert.deepEqual(journal.replay(0).map((r) => r.answer.name), ["b", "c"]);
});

Deno.test("repeated events give one line at once and one with the count", () => {
  const lines: LogEvent[] = [];
  const repetitions = new Repetitions((event) => lines.push(event), 2);
  const event: LogEvent = { ts: "", type: "udp" };
  for (let i = 0; i < 5; i++) repetitions.add("a", event, 0);
  assert.equal(lines.length, 1);
  repetitions.tick(999);
  assert.equal(lines.length, 1);
  repetitions.tick(1000);
  assert.equal(lines[1]?.count, 4);
  assert.equal(repetitions.waiting, false);
});

Deno.test("more different events than the limit are counted together", () => {
  const lines: LogEvent[] = [];
  const repetitions = new Repetitions((event) => lines.push(event), 2);
  for (const key of ["a", "b", "c", "d"]) repetitions.add(key, { ts: "", type: "udp" }, 0);
  assert.equal(lines.length, 2);
  repetitions.tick(10);
  assert.equal(lines[2]?.count, 2);
});

const BOOT = {
  role: "kernel",
  object: "o",
  scopeCgroupDir: "s",
  cgroupRoot: "c",
  pinDir: "p",
  socketPath: "k",
  secret: "x",
  queue: 1,
  marks: { allow: 1, deny: 2, dns: 3, container: 4, inside: 5 },
  audit: false,
  policy: { text: "", audit: false, prelude: "" },
  engine: { requests: "r", responses: "q" },
};

Deno.test("a boot frame that lacks something says what", () => {
  assert.ok("role" in parseBoot(BOOT));
  for (const key of Object.keys(BOOT)) {
    assert.deepEqual(parseBoot({ ...BOOT, [key]: undefined }), { missing: key });
  }
  assert.deepEqual(parseBoot({ ...BOOT, marks: { ...BOOT.marks, allow: 0 } }), {
    missing: "marks",
  });
  assert.deepEqual(parseBoot({ ...BOOT, queue: 65536 }), { missing: "queue" });
  assert.deepEqual(parseBoot(null), { missing: "role" });
});

Deno.test("orders are taken whole or not at all", () => {
  assert.deepEqual(parseOrder({ op: "stop" }), { op: "stop" });
  assert.deepEqual(parseOrder({ op: "mode", mode: "closed" }), { op: "mode", mode: "closed" });
  for (const bad of [null, 1, [], {}, { op: "x" }, { op: "mode", mode: "open" }, { op: "load" }]) {
    assert.equal(parseOrder(bad), undefined, JSON.stringify(bad));
  }
});

Deno.test("only what has a policy and says whether to pass is a verdict", () => {
  assert.ok(isVerdict({ policy: "deny", pass: true }));
  for (
    const bad of [undefined, null, "allow", {}, { policy: "allow" }, { policy: "yes", pass: true }]
  ) {
    assert.equal(isVerdict(bad), false);
  }
});
