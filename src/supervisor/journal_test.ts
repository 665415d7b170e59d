import assert from "node:assert/strict";
import { Chain, GENESIS } from "../protocol/chain.ts";
import type { LogEvent } from "../protocol/mod.ts";
import { Journal } from "./journal.ts";
import { RETRY_MS } from "./log_writer.ts";

const facts = { run: "1a2b3c4d", version: "1", mode: "enforce" as const, policy_sha256: "ab" };
const dns = (policy: "allow" | "deny"): LogEvent => ({
  ts: "t",
  type: "dns",
  policy,
  name: "a.test",
});

/** A sink that fails while `full`. */
function memory() {
  return {
    text: "",
    full: false,
    writeSync(bytes: Uint8Array) {
      if (this.full) throw new Error("No space left on device");
      this.text += new TextDecoder().decode(bytes);
      return bytes.length;
    },
    get events(): LogEvent[] {
      return this.text.trim().split("\n").map((line) => JSON.parse(line));
    },
  };
}

Deno.test("journal: the first and the last line tell what ran and what it came to", () => {
  const sink = memory();
  const journal = new Journal({ facts, file: { sink, chain: new Chain(GENESIS), torn: false } });
  journal.add(dns("allow"));
  journal.add({ ...dns("deny"), count: 3 });
  journal.add({ ts: "t", type: "error", error: "proxy_ended" });
  assert.equal(journal.close({ passed: 7, dropped: 2, reported: 2 }), true);
  const [start, ...rest] = sink.events;
  const { ts: _ts, prev, ...said } = start!;
  assert.deepEqual(said, { type: "start", ...facts });
  assert.equal(prev, GENESIS);
  const { type, allowed, denied, errors, gate_passed, gate_dropped } = rest.at(-1)!;
  assert.deepEqual({ type, allowed, denied, errors, gate_passed, gate_dropped }, {
    type: "stop",
    allowed: 1,
    denied: 3,
    errors: 1,
    gate_passed: 7,
    gate_dropped: 2,
  });
  assert.equal(rest.length, 4);
});

Deno.test("journal: the stop line comes once, and is the last", () => {
  const sink = memory();
  const journal = new Journal({ facts, file: { sink, chain: new Chain(GENESIS), torn: false } });
  journal.close(undefined, undefined, "it broke");
  journal.close();
  assert.deepEqual(sink.events.map(({ type }) => type), ["start", "stop"]);
  assert.equal(sink.events[1]?.error, "failed");
  assert.equal(sink.events[1]?.message, "it broke");
});

Deno.test("journal: a torn line of before is ended first", () => {
  const sink = memory();
  sink.text = "torn";
  const journal = new Journal({ facts, file: { sink, chain: new Chain(GENESIS), torn: true } });
  journal.close();
  assert.match(sink.text, /^torn\n\{"ts":/);
});

Deno.test("journal: the time in which nothing could be written is in the log", async () => {
  const sink = memory();
  const journal = new Journal({ facts, file: { sink, chain: new Chain(GENESIS), torn: false } });
  const recovered = Promise.withResolvers<void>();
  journal.onWritable = (writable) => {
    if (writable) recovered.resolve();
    else sink.full = false;
  };
  sink.full = true;
  journal.add(dns("deny"));
  await recovered.promise;
  journal.close();
  const [, denied, gap, stop] = sink.events;
  assert.equal(denied?.name, "a.test");
  assert.equal(gap?.error, "log_failed");
  assert.ok(gap!.duration_ms! >= RETRY_MS / 2, `${gap?.duration_ms} ms`);
  assert.equal(stop?.errors, 1);
});

Deno.test("journal: when another policy takes hold its line says so, and the stop line has the last one", () => {
  const sink = memory();
  const journal = new Journal({ facts, file: { sink, chain: new Chain(GENESIS), torn: false } });
  journal.policyChanged({ mode: "audit", policy_sha256: "cd" });
  journal.close();
  const said = sink.events.map(({ type, mode, policy_sha256 }) => [type, mode, policy_sha256]);
  assert.deepEqual(said, [
    ["start", "enforce", "ab"],
    ["control", "audit", "cd"],
    ["stop", "audit", "cd"],
  ]);
});
