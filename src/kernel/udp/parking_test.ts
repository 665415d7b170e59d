import assert from "node:assert/strict";
import { Parking } from "./parking.ts";

const flow = (srcPort: number) => ({ protocol: 17, src: 1, srcPort, dst: 2, dstPort: 3 });

Deno.test("packets of one flow wait together", () => {
  const parking = new Parking();
  assert.equal(parking.park(flow(1), 10, 0), "first");
  assert.equal(parking.park(flow(1), 11, 0), "added");
  assert.equal(parking.park(flow(2), 12, 0), "first");
  assert.deepEqual(parking.release(flow(1))?.packets, [10, 11]);
  assert.equal(parking.release(flow(1)), undefined);
  assert.equal(parking.size, 1);
});

Deno.test("what waits is bounded, in packets and in flows", () => {
  const parking = new Parking();
  for (let i = 0; i < 16; i++) assert.notEqual(parking.park(flow(1), i, 0), "full");
  assert.equal(parking.park(flow(1), 16, 0), "full");
  for (let port = 2; port <= 1024; port++) parking.park(flow(port), port, 0);
  assert.equal(parking.park(flow(2000), 1, 0), "full");
});

Deno.test("what waits too long is given out", () => {
  const parking = new Parking();
  parking.park(flow(1), 1, 0);
  parking.park(flow(2), 2, 1000);
  assert.deepEqual(parking.overdue(1999), []);
  assert.deepEqual(parking.overdue(2000).map((p) => p.packets), [[1]]);
  assert.equal(parking.size, 1);
});
