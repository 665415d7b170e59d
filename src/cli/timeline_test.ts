import assert from "node:assert/strict";
import { MAX_STEPS, Timeline } from "./timeline.ts";

const START = Date.parse("2026-01-01T00:00:00Z");

Deno.test("timeline: a log of any length has a bounded number of steps and loses nothing", () => {
  for (const seconds of [1, 100, 5000, 86_400]) {
    const timeline = new Timeline();
    for (let s = 0; s < seconds; s++) timeline.add(START + s * 1000, s % 10 === 0, 2);
    const { origin, steps } = timeline.get();
    assert.equal(origin, START);
    assert.ok(steps.length <= MAX_STEPS);
    const sum = steps.reduce((n, { allowed, denied }) => n + allowed + denied, 0);
    assert.equal(sum, seconds * 2);
  }
});

Deno.test("timeline: steps are where their events are", () => {
  const timeline = new Timeline();
  timeline.add(START, false, 1);
  timeline.add(START + 2500, true, 3);
  timeline.add(START - 9000, false, 1);
  timeline.add(NaN, true, 1);
  assert.deepEqual(timeline.get().steps, [
    { allowed: 2, denied: 0 },
    { allowed: 0, denied: 0 },
    { allowed: 0, denied: 3 },
  ]);
});

Deno.test("timeline: one event far away does not take long", () => {
  const timeline = new Timeline();
  timeline.add(START, false, 1);
  timeline.add(8.6e15, true, 1);
  assert.ok(timeline.get().steps.length <= MAX_STEPS);
});
