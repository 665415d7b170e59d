import fc from "fast-check";
import assert from "node:assert/strict";
import { decodeOriginal, encodeDelete } from "./conntrack.ts";
import { decodeMessages } from "./message.ts";
import { decodePacket } from "./nfqueue.ts";

function decodeAll(bytes: Uint8Array): void {
  for (const message of decodeMessages(bytes)) {
    if ("code" in message) continue;
    decodePacket(message);
    decodeOriginal(message);
  }
}

Deno.test("any bytes are decoded without throwing", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), decodeAll), { numRuns: 2000, seed: 1 });
});

Deno.test("a good message with bytes changed or cut is decoded without throwing", () => {
  const flow = { protocol: 6, src: 1, srcPort: 2, dst: 3, dstPort: 4 };
  const change = fc.record({ at: fc.nat(91), to: fc.integer({ min: 0, max: 255 }) });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 4 }), fc.nat(92), (changes, length) => {
      const bytes = encodeDelete(1, flow);
      for (const { at, to } of changes) if (at < bytes.length) bytes[at] = to;
      decodeAll(bytes.subarray(0, length));
    }),
    { numRuns: 2000, seed: 2 },
  );
});

Deno.test("every flow survives encoding", () => {
  const port = fc.integer({ min: 0, max: 65535 });
  const address = fc.integer({ min: 0, max: 0xffffffff });
  const protocol = fc.constantFrom(6, 17);
  const flow = fc.record({ protocol, src: address, srcPort: port, dst: address, dstPort: port });
  fc.assert(
    fc.property(flow, (value) => {
      const message = decodeMessages(encodeDelete(1, value))[0];
      assert.ok(message && "attributes" in message);
      assert.deepEqual(decodeOriginal(message), { ...value });
    }),
    { numRuns: 500, seed: 3 },
  );
});
