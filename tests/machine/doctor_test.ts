/** `egress doctor --attack` on a guarded machine: it attacks that guard, and notices a hole in its policy. */

import assert from "node:assert/strict";
import { targetOf } from "../../src/doctor/attack/sink.ts";
import { machineSuite } from "../support/machine_suite.ts";

const test = machineSuite();

interface Result {
  name: string;
  result: string;
}

for (
  const [policy, code, passed] of [
    ["site.test", 0, []],
    [`site.test\n${targetOf(1).v4}:9000/udp`, 1, ["UDP to an address"]],
  ] as const
) {
  test(`doctor attacks the guard: ${passed.length} get through`, async (s) => {
    await s.guard(policy);
    const before = await s.machine.sh("ip -o link; ip route; ip netns list");
    const ended = await s.machine.egress("doctor", "--attack", "--json");
    const { target, attacks } = JSON.parse(ended.stdout);
    assert.equal(target, "machine");
    assert.ok(attacks.length > 20);
    const wrong = attacks.filter(({ result }: Result) => result !== "blocked");
    assert.deepEqual(wrong.map(({ name, result }: Result) => `${name} ${result}`), [
      ...passed.map((name) => `${name} passed`),
    ], ended.stderr);
    assert.equal(ended.code, code, ended.stderr);
    const after = await s.machine.sh("ip -o link; ip route; ip netns list");
    assert.equal(after.stdout, before.stdout, "left behind");
  });
}
