import assert from "node:assert/strict";
import { placeOf } from "./uplinks.ts";

const loopback = { index: 1, loopback: true };
const hardware = { index: 2, loopback: false };
const UPLINK = { bridge: undefined };
const veth = { index: 3, loopback: false, kind: "veth" };

Deno.test("for a run every device but loopback is an uplink", () => {
  assert.equal(placeOf(loopback, false), undefined);
  for (const link of [hardware, veth, { ...veth, master: 5 }, { ...veth, kind: "bridge" }]) {
    assert.deepEqual(placeOf(link, false), UPLINK);
  }
});

Deno.test("for a machine bridges are none, and a veth device that joins one is a port of it", () => {
  assert.equal(placeOf(loopback, true), undefined);
  assert.equal(placeOf({ ...veth, kind: "bridge" }, true), undefined);
  assert.deepEqual(placeOf({ ...veth, master: 5 }, true), { bridge: 5 });
});

Deno.test("for a machine hardware is one, also as a port of a bridge, and so are tunnels and a veth alone", () => {
  for (const link of [hardware, { ...hardware, master: 5 }, { ...hardware, kind: "wireguard" }]) {
    assert.deepEqual(placeOf(link, true), UPLINK);
  }
  assert.deepEqual(placeOf(veth, true), UPLINK);
});
