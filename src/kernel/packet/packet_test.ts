import assert from "node:assert/strict";
import { formatAddress, formatIpv4, parseIpv4 } from "./address.ts";
import { decodeDatagram } from "./ipv4.ts";
import { packetOf } from "./testing.ts";

function packet(data: number[], change: (bytes: Uint8Array) => void = () => {}): Uint8Array {
  const bytes = packetOf(new Uint8Array(data));
  change(bytes);
  return bytes;
}

Deno.test("a datagram gives its flow and data", () => {
  const datagram = decodeDatagram(packet([1, 2, 3]));
  assert.deepEqual(datagram?.flow, {
    protocol: 17,
    src: 0x0a000002,
    srcPort: 5000,
    dst: 0xc0000201,
    dstPort: 53,
  });
  assert.deepEqual([...datagram!.payload], [1, 2, 3]);
  assert.equal(datagram!.complete, true);
});

Deno.test("options of the IP header are skipped", () => {
  const plain = packet([9]);
  const bytes = new Uint8Array([...plain.subarray(0, 20), 1, 1, 1, 1, ...plain.subarray(20)]);
  bytes[0] = 0x46;
  assert.deepEqual([...decodeDatagram(bytes)!.payload], [9]);
});

Deno.test("a cut datagram is told as incomplete", () => {
  assert.equal(decodeDatagram(packet([1, 2, 3]).subarray(0, 30))?.complete, false);
});

Deno.test("what is no whole UDP header is none", () => {
  const changes: Record<string, (bytes: Uint8Array) => void> = {
    "IPv6": (b) => b[0] = 0x60,
    "header too short": (b) => b[0] = 0x44,
    "header beyond the packet": (b) => b[0] = 0x4f,
    "TCP": (b) => b[9] = 6,
    "later fragment": (b) => b[7] = 8,
    "UDP length too short": (b) => b[25] = 7,
  };
  for (const [name, change] of Object.entries(changes)) {
    assert.equal(decodeDatagram(packet([1], change)), undefined, name);
  }
  assert.equal(decodeDatagram(packet([]).subarray(0, 27)), undefined);
});

Deno.test("addresses are read and written", () => {
  assert.equal(parseIpv4("192.0.2.1"), 0xc0000201);
  assert.equal(formatIpv4(0xc0000201), "192.0.2.1");
  assert.equal(parseIpv4("255.255.255.255"), 0xffffffff);
  for (const bad of ["", "1.2.3", "1.2.3.256", "1.2.3.4.5", "a.b.c.d", "::1"]) {
    assert.equal(parseIpv4(bad), undefined, bad);
  }
});

Deno.test("IPv6 is written as RFC 5952 says, v4-mapped as IPv4", () => {
  const write = (hex: string) =>
    formatAddress(Uint8Array.from(hex.match(/../g)!, (h) => parseInt(h, 16)));
  assert.equal(write("00000000000000000000ffffc0000201"), "192.0.2.1");
  assert.equal(write("00000000000000000000000000000001"), "::1");
  assert.equal(write("00000000000000000000000000000000"), "::");
  assert.equal(write("20010db8000000000001000000000001"), "2001:db8::1:0:0:1");
  assert.equal(write("20010db8000100020003000400050006"), "2001:db8:1:2:3:4:5:6");
  assert.equal(write("20010db8000000010001000100010001"), "2001:db8:0:1:1:1:1:1");
});
