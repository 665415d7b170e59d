import assert from "node:assert/strict";
import { parseCpuList } from "./cpus.ts";
import { decodeOwner, decodeReport, decodeStats, encodeFlowKey, GateReason } from "./layout.ts";

Deno.test("a flow's key is what the programs build", () => {
  const key = encodeFlowKey({
    protocol: 17,
    src: 0x0a000002,
    srcPort: 5000,
    dst: 0xc0000201,
    dstPort: 53,
  });
  assert.deepEqual([...key], [10, 0, 0, 2, 192, 0, 2, 1, 0x13, 0x88, 0, 53, 17, 0, 0, 0]);
});

Deno.test("an owner is read", () => {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, 1n, true);
  view.setBigUint64(8, 2n, true);
  view.setBigUint64(16, 3n, true);
  view.setUint32(24, 4, true);
  assert.deepEqual(decodeOwner(bytes), { start: 1n, cgroup: 2n, at: 3n, pid: 4, inner: false });
});

function report(pid: number): Uint8Array {
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  bytes.set([0xff, 0xff, 192, 0, 2, 1], 10);
  view.setUint32(16, pid, true);
  view.setUint16(20, 443);
  bytes[22] = 6;
  bytes[23] = GateReason.packet;
  view.setBigUint64(24, 11n, true);
  view.setBigUint64(32, 12n, true);
  view.setBigUint64(40, 13n, true);
  view.setBigUint64(48, 14n, true);
  view.setUint16(56, 5000);
  view.setUint16(58, 2, true);
  view.setUint32(60, 1, true);
  return bytes;
}

Deno.test("a report is read, with its owner if there is one", () => {
  assert.deepEqual(decodeReport(report(7)), {
    key: report(7).slice(0, 24),
    dst: "192.0.2.1",
    dstPort: 443,
    srcPort: 5000,
    protocol: 6,
    reason: 1,
    family: 2,
    mode: 1,
    count: 13,
    at: 14n,
    owner: { pid: 7, start: 11n, cgroup: 12n, at: 14n },
  });
  assert.equal(decodeReport(report(0))?.owner, undefined);
  assert.equal(decodeReport(report(7).subarray(0, 63)), undefined);
});

Deno.test("counts of all CPUs are added up", () => {
  const values = new BigUint64Array([1n, 2n, 3n, 4n, 10n, 20n, 30n, 40n]);
  assert.deepEqual(decodeStats(new Uint8Array(values.buffer)), {
    passed: 11,
    dropped: 22,
    reported: 33,
    lost: 44,
  });
});

Deno.test("the number of CPUs is one more than the highest", () => {
  assert.equal(parseCpuList("0-3\n"), 4);
  assert.equal(parseCpuList("0,2-5\n"), 6);
  assert.equal(parseCpuList("0\n"), 1);
  assert.equal(parseCpuList(""), 1);
});
