import assert from "node:assert/strict";
import { Lookups } from "./lookups.ts";

Deno.test("an address belongs to every name whose answer held it", () => {
  const lookups = new Lookups();
  lookups.record({ name: "A.com.", ips: ["192.0.2.1", "192.0.2.2"], ttl: 100 }, 0);
  lookups.record({ name: "b.com", ips: ["192.0.2.1"], ttl: 200 }, 0);
  lookups.record({ name: "a.com", ips: ["192.0.2.3"], ttl: 300 }, 50);
  assert.deepEqual(lookups.names("192.0.2.1", 0), ["a.com", "b.com"]);
  assert.deepEqual(lookups.names("192.0.2.1", 100), ["b.com"]);
  assert.equal(lookups.destination("a.com", "192.0.2.1", 99), "confirmed");
  assert.equal(lookups.destination("a.com", "192.0.2.1", 100), "other");
  assert.equal(lookups.destination("a.com", "192.0.2.1", 350), "unknown");
  assert.equal(lookups.destination("c.com", "192.0.2.1", 0), "unknown");
});

Deno.test("a shorter answer does not shorten a longer one", () => {
  const lookups = new Lookups();
  lookups.record({ name: "a.com", ips: ["192.0.2.1"], ttl: 300 }, 0);
  lookups.record({ name: "a.com", ips: ["192.0.2.1"], ttl: 60 }, 1);
  assert.equal(lookups.expiry("a.com", "192.0.2.1"), 300);
});

Deno.test("what is kept is bounded; what expires first goes first", () => {
  const lookups = new Lookups(64);
  for (let i = 0; i < 1000; i++) {
    lookups.record({ name: `n${i}.com`, ips: [`192.0.2.${i % 200}`], ttl: 60 + i }, 0);
    assert.ok(lookups.size <= 64);
  }
  assert.equal(lookups.destination("n999.com", "192.0.2.199", 0), "confirmed");
  assert.equal(lookups.destination("n0.com", "192.0.2.0", 0), "unknown");
});

Deno.test("answers that are none tell nothing", () => {
  const lookups = new Lookups();
  const odd = [null, {}, { name: "a.com" }, { name: 7, ips: ["192.0.2.1"] }, {
    name: "a.com",
    ips: [7, null, "x", "1.2.3"],
    ttl: "x",
  }];
  for (const answer of odd) lookups.record(answer as never, 0);
  assert.equal(lookups.size, 0);
});
