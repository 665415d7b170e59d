import assert from "node:assert/strict";
import { painter } from "../../demo/render.ts";
import type { Received } from "../../demo/received.ts";
import { type Attack, ATTACKS } from "./attacks.ts";
import { type Arrivals, holds, judge } from "./judge.ts";
import { type Aimed, DEMO_GROUND, orderFor } from "./order.ts";
import { renderAttacks } from "./render.ts";
import { parseCounters, targetOf } from "./sink.ts";

const BY_ADDRESS: Attack = { name: "address", shows: "address", shell: "true" };
const BY_WORD: Attack = { name: "word", shows: "word", shell: "true", root: true };

function aim(prefix: string): Aimed[] {
  return [BY_ADDRESS, BY_WORD].map((attack, i) => ({
    attack,
    target: targetOf(i),
    word: `${prefix}${i}`,
  }));
}

const lookup = (name: string): Received => ({ kind: "dns", transport: "udp", name, type: "A" });
const nothing: Arrivals = { received: [], before: new Map(), after: new Map() };
const packet = (address: string): Arrivals => ({ ...nothing, after: new Map([[address, 1]]) });
const results = (control: Arrivals, trial: Arrivals) =>
  judge({ aimed: aim("c"), arrivals: control }, { aimed: aim("t"), arrivals: trial })
    .map(({ result }) => result);

Deno.test("an attack is blocked only if it arrives without egress", () => {
  const control = { ...packet(targetOf(0).v4), received: [lookup("c1.evil.test")] };
  assert.deepEqual(results(control, nothing), ["blocked", "blocked"]);
  assert.deepEqual(results(nothing, nothing), ["untested", "untested"]);
});

Deno.test("an attack passed when its packet or its word arrived, IPv6 too, whatever the control did", () => {
  const trial = { ...packet(targetOf(0).v6), received: [lookup("t1.evil.test")] };
  assert.deepEqual(results(nothing, trial), ["passed", "passed"]);
});

Deno.test("packets of before, another's packets and the control's late words do not count", () => {
  const address = targetOf(0).v4;
  const before = { ...nothing, before: new Map([[address, 3]]), after: new Map([[address, 3]]) };
  assert.equal(results(nothing, before)[0], "untested");
  assert.equal(results(nothing, packet(targetOf(7).v4))[0], "untested");
  assert.equal(results(nothing, { ...nothing, received: [lookup("c1.evil.test")] })[1], "untested");
});

Deno.test("egress holds if nothing passed, something was tried, and what is allowed works", () => {
  const row = (result: "blocked" | "passed" | "untested") => ({ name: "x", result, root: false });
  assert.ok(holds([row("blocked"), row("untested")], true));
  assert.ok(!holds([row("blocked"), row("passed")], true));
  assert.ok(!holds([row("untested")], true));
  assert.ok(!holds([row("blocked")], false));
});

Deno.test("the table is loud about what passed and what was not tested", () => {
  const attacks = [
    { name: "one", result: "blocked" as const, root: true },
    { name: "three", result: "passed" as const, root: false },
    { name: "two", result: "untested" as const, root: false },
  ];
  const report = {
    target: "run" as const,
    ok: false,
    attacks,
    allowed: false,
    said: "no\x1b[2J",
    seconds: 9.87,
  };
  const text = renderAttacks(report, painter(false));
  assert.match(text, /^ {2}one {4}root {2}blocked\n {2}three {8}GOT THROUGH\n {2}two .*NOT TESTED/);
  assert.match(text, /1 blocked, 1 got through, 1 not tested, in 9\.9 s/);
  assert.match(text, /What is allowed did not get through[^]*no\?/);
  assert.match(text, /does not hold/);
});

Deno.test("counters are read from iptables-save -c", () => {
  const saved = "[3:180] -A PREROUTING -d 203.0.113.100/32 -i downlink\n" +
    "[0:0] -A PREROUTING -d 203.0.113.0/24 -i downlink\n" +
    "[7:400] -A PREROUTING -d 2001:db8:66::64/128 -i downlink\n";
  assert.deepEqual([...parseCounters(saved)], [["203.0.113.100", 3], ["2001:db8:66::64", 7]]);
});

Deno.test("every attack has a name and an address of its own, one program, and words fit a label", () => {
  assert.equal(new Set(ATTACKS.map(({ name }) => name)).size, ATTACKS.length);
  for (const attack of ATTACKS) {
    assert.ok((attack.shell === undefined) !== (attack.python === undefined), attack.name);
  }
  assert.ok(ATTACKS.length < 156, "more attacks than addresses");
  const order = JSON.parse(
    orderFor(aim("w"), DEMO_GROUND, { underEgress: true, allowed: "allowed" }),
  );
  assert.equal(order.attacks.length, 2);
  assert.equal(order.first.word, "allowed");
  assert.equal(order.environment.UNDER_EGRESS, "1");
  assert.equal(JSON.parse(orderFor(aim("w"), DEMO_GROUND)).environment.UNDER_EGRESS, "");
});
