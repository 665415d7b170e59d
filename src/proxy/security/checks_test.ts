import assert from "node:assert/strict";
import { PackageChecks } from "./checks.ts";
import type { PackageAnswer } from "../../protocol/mod.ts";
import { Slots } from "./slots.ts";

/** Checks whose questions a test answers itself. */
function world(limit = 100) {
  const asked: string[] = [];
  const open = new Map<string, (answer: PackageAnswer) => void>();
  const clock = { now: 0 };
  const ask = (purl: string) => {
    asked.push(purl);
    return new Promise<PackageAnswer>((resolve) => open.set(purl, resolve));
  };
  const checks = new PackageChecks(ask, () => clock.now, limit);
  return { asked, clock, checks, answer: (purl: string, a: PackageAnswer) => open.get(purl)!(a) };
}

Deno.test("all who wait for a package share one question", async () => {
  const { asked, checks, answer } = world();
  const waiting = Array.from({ length: 20 }, () => checks.check("pkg:npm/x@1"));
  answer("pkg:npm/x@1", { kind: "bad", reasons: ["malware"] });
  for (const found of await Promise.all(waiting)) assert.equal(found.kind, "bad");
  assert.deepEqual(asked, ["pkg:npm/x@1"]);
});

Deno.test("answers are kept, those that may change soon for a short time", async () => {
  const kept: [PackageAnswer, number][] = [
    [{ kind: "fine" }, 3600_000],
    [{ kind: "bad", reasons: ["malware"] }, 3600_000],
    [{ kind: "unknown" }, 60_000],
    [{ kind: "failure", why: "no answer" }, 5000],
  ];
  for (const [given, ms] of kept) {
    const { asked, clock, checks, answer } = world();
    const first = checks.check("p");
    answer("p", given);
    await first;
    clock.now = ms - 1;
    assert.equal(await checks.check("p"), given);
    assert.equal(asked.length, 1, given.kind);
    clock.now = ms;
    checks.check("p");
    assert.equal(asked.length, 2, given.kind);
  }
});

Deno.test("memory is bounded: what was used longest ago is forgotten", async () => {
  const { asked, checks, answer } = world(2);
  for (const purl of ["a", "b"]) {
    const checking = checks.check(purl);
    answer(purl, { kind: "fine" });
    await checking;
  }
  await checks.check("a");
  checks.check("c"); // b goes
  await checks.check("a");
  checks.check("b");
  assert.deepEqual(asked, ["a", "b", "c", "b"]);
});

Deno.test("slots: a limited amount of work at a time, in order, also after a failure", async () => {
  const slots = new Slots(2);
  const begun: number[] = [];
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const runs = gates.map((gate, i) =>
    slots.run(async () => {
      begun.push(i);
      await gate.promise;
    })
  );
  const settled = Promise.allSettled(runs);
  assert.deepEqual(begun, [0, 1]);
  gates[0]!.reject(new Error("broken"));
  await assert.rejects(runs[0]!);
  assert.deepEqual(begun, [0, 1, 2]);
  gates[1]!.resolve();
  await runs[1];
  assert.deepEqual(begun, [0, 1, 2, 3]);
  for (const gate of gates) gate.resolve();
  assert.deepEqual((await settled).map(({ status }) => status).sort(), [
    ...["fulfilled", "fulfilled", "fulfilled", "rejected"],
  ]);
});
