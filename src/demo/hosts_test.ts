import assert from "node:assert/strict";
import { findHost, HOSTS } from "./hosts.ts";

Deno.test("hosts are found by name and by wildcard alias, without regard to case", () => {
  assert.equal(findHost("Site.TEST")?.address, "198.51.100.20");
  assert.equal(findHost("a.b.evil.test")?.name, "evil.test");
  assert.equal(findHost("notevil.test"), undefined);
  assert.equal(findHost("x.registry.test"), undefined);
});

Deno.test("every host has its own name and address", () => {
  assert.equal(new Set(HOSTS.map((host) => host.name)).size, HOSTS.length);
  assert.equal(new Set(HOSTS.map((host) => host.address)).size, HOSTS.length);
});
