import assert from "node:assert/strict";
import { isUplink } from "./uplinks.ts";

const run = { machine: false, first: true };
const machine = { machine: true, first: true };
const later = { machine: true, first: false };
const hardware = { index: 2, loopback: false };
const veth = { index: 3, loopback: false, kind: "veth" };

Deno.test("for a run every device but loopback is an uplink", () => {
  assert.equal(isUplink({ index: 1, loopback: true }, run), false);
  for (const link of [hardware, veth, { ...veth, master: 5 }, { ...veth, kind: "bridge" }]) {
    assert.equal(isUplink(link, run), true);
  }
});

Deno.test("for a machine bridges and what joins them are none", () => {
  assert.equal(isUplink({ index: 1, loopback: true }, machine), false);
  assert.equal(isUplink({ ...veth, kind: "bridge" }, machine), false);
  assert.equal(isUplink({ ...veth, master: 5 }, machine), false);
  assert.equal(isUplink(veth, later), false);
});

Deno.test("for a machine hardware is one, also as a port of a bridge, and so are tunnels and a container's own veth", () => {
  assert.equal(isUplink(hardware, machine), true);
  assert.equal(isUplink({ ...hardware, master: 5 }, machine), true);
  assert.equal(isUplink({ ...hardware, kind: "wireguard" }, later), true);
  assert.equal(isUplink(veth, machine), true);
});
