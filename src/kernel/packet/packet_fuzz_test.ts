import fc from "fast-check";
import assert from "node:assert/strict";
import { packetOf } from "./testing.ts";
import { formatAddress, formatIpv4, parseIpv4 } from "./address.ts";
import { isDnsQuery } from "./dns.ts";
import { decodeDatagram } from "./ipv4.ts";

Deno.test("any bytes give a datagram or none", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
      const datagram = decodeDatagram(bytes);
      if (datagram) assert.ok(datagram.payload.length <= bytes.length);
      isDnsQuery(bytes);
    }),
    { numRuns: 3000, seed: 1 },
  );
});

Deno.test("any data of a well-formed packet comes out as it went in", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (data) => {
      const datagram = decodeDatagram(packetOf(data));
      assert.ok(datagram?.complete);
      assert.deepEqual(datagram.payload, data);
    }),
    { numRuns: 500, seed: 2 },
  );
});

Deno.test("addresses survive being written and read", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), (address) => {
      assert.equal(parseIpv4(formatIpv4(address)), address);
    }),
    { numRuns: 500, seed: 3 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      assert.ok(formatAddress(bytes).length >= 2);
    }),
    { numRuns: 500, seed: 4 },
  );
});
