import assert from "node:assert/strict";
import { isUplink } from "./uplinks.ts";

const loopback = { index: 1, loopback: true };
const hardware = { index: 2, loopback: false };
const veth = { index: 3, loopback: false, kind: "veth" };

Deno.test("for a run every device but loopback is an uplink", () => {
  assert.equal(isUplink(loopback, false), false);
  for (const link of [hardware, veth, { ...veth, master: 5 }, { ...veth, kind: "bridge" }]) {
    assert.equal(isUplink(link, false), true);
  }
});

Deno.test("for a machine bridges and what joins them are none", () => {
  assert.equal(isUplink(loopback, true), false);
  assert.equal(isUplink({ ...veth, kind: "bridge" }, true), false);
  assert.equal(isUplink({ ...veth, master: 5 }, true), false);
});

Deno.test("for a machine hardware is one, also as a port of a bridge, and so are tunnels and a veth alone", () => {
  for (const link of [hardware, { ...hardware, master: 5 }, { ...hardware, kind: "wireguard" }]) {
    assert.equal(isUplink(link, true), true);
  }
  assert.equal(isUplink(veth, true), true);
});
