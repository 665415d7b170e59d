import fc from "fast-check";
import assert from "node:assert/strict";
import { decodeLinks, encodeListLinks } from "./links.ts";

/** A netlink message. */
function message(type: number, body: number[]): number[] {
  const padded = [...body, ...new Array((4 - body.length % 4) % 4).fill(0)];
  const size = 16 + body.length;
  return [size, 0, 0, 0, type, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, ...padded];
}

/** `struct ifinfomsg`. */
function info(index: number, flags = 0, family = 0): number[] {
  return [family, 0, 1, 0, index, 0, 0, 0, flags, 0, 0, 0, 0, 0, 0, 0];
}

const VETH_IN_BRIDGE = [
  ...info(7, 1),
  ...[8, 0, 10, 0, 5, 0, 0, 0], // IFLA_MASTER 5
  ...[13, 0, 18, 0, 9, 0, 1, 0, 0x76, 0x65, 0x74, 0x68, 0, 0, 0, 0], // IFLA_LINKINFO, kind veth
];

Deno.test("devices are read with master and kind, and a list ends", () => {
  const datagram = new Uint8Array([
    ...message(16, info(1, 8)),
    ...message(16, VETH_IN_BRIDGE),
    ...message(17, info(9)),
    ...message(3, [0, 0, 0, 0]),
  ]);
  assert.deepEqual(decodeLinks(datagram), [
    { op: "new", link: { index: 1, loopback: true } },
    { op: "new", link: { index: 7, loopback: false, master: 5, kind: "veth" } },
    { op: "gone", index: 9 },
    { op: "end" },
  ]);
});

Deno.test("what a bridge says of its ports is no news of devices", () => {
  const AF_BRIDGE = 7;
  assert.deepEqual(decodeLinks(new Uint8Array(message(17, info(7, 0, AF_BRIDGE)))), []);
});

Deno.test("an error is told with its number", () => {
  const ebusy = message(2, [0xf0, 0xff, 0xff, 0xff]);
  assert.deepEqual(decodeLinks(new Uint8Array(ebusy)), [{ op: "error", code: 16 }]);
});

Deno.test("the question for all devices has the kernel's layout", () => {
  const bytes = encodeListLinks(3);
  assert.deepEqual([...bytes.subarray(0, 12)], [32, 0, 0, 0, 18, 0, 1, 3, 3, 0, 0, 0]);
  assert.equal(bytes.length, 32);
});

Deno.test("any bytes, and good messages cut or changed, are decoded without throwing", () => {
  const good = new Uint8Array([...message(16, VETH_IN_BRIDGE), ...message(3, [0, 0, 0, 0])]);
  const change = fc.record({ at: fc.nat(good.length - 1), to: fc.nat(255) });
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(change, { maxLength: 4 }),
      fc.nat(good.length),
      (bytes, changes, length) => {
        decodeLinks(bytes);
        const changed = good.slice(0, length);
        for (const { at, to } of changes) if (at < length) changed[at] = to;
        decodeLinks(changed);
      },
    ),
    { numRuns: 2000, seed: 1 },
  );
});
