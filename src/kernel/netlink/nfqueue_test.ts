import assert from "node:assert/strict";
import { be16, be32, decodeMessages, encodeMessage } from "./message.ts";
import { decodePacket, encodeBind, encodeVerdict, Verdict } from "./nfqueue.ts";

function packetMessage(attributes: [number, Uint8Array][]) {
  const head = { subsystem: 3, type: 0, seq: 0, resource: 5 };
  const message = decodeMessages(encodeMessage(head, attributes))[0];
  assert.ok(message && "attributes" in message);
  return message;
}

const HEADER = new Uint8Array([...be32(77), ...be16(0x0800), 3]);

Deno.test("a packet has its id, mark and payload", () => {
  const payload = new Uint8Array([0x45, 1, 2]);
  const packet = decodePacket(packetMessage([[1, HEADER], [3, be32(0xabcdef01)], [10, payload]]));
  assert.deepEqual(packet && { ...packet, payload: [...packet.payload] }, {
    id: 77,
    mark: 0xabcdef01,
    payload: [0x45, 1, 2],
  });
});

Deno.test("without a mark it is 0; without a header it is no packet", () => {
  assert.equal(decodePacket(packetMessage([[1, HEADER]]))?.mark, 0);
  assert.equal(decodePacket(packetMessage([[10, HEADER]])), undefined);
});

Deno.test("binding sets the copy mode last, in a packed struct of 5 bytes", () => {
  const messages = encodeBind(4711, 100, 0x1234);
  const last = decodeMessages(messages.at(-1)!)[0];
  assert.ok(last && "attributes" in last);
  assert.equal(last.resource, 4711);
  assert.deepEqual([...last.attributes.get(2)!], [0, 0, 0x12, 0x34, 2]);
});

Deno.test("a verdict is big-endian, with a mark only if there is one", () => {
  const decode = (mark: number) => {
    const message = decodeMessages(encodeVerdict(5, 77, Verdict.REPEAT, mark))[0];
    assert.ok(message && "attributes" in message);
    return message.attributes;
  };
  assert.deepEqual([...decode(0x11)!.get(2)!], [0, 0, 0, 4, 0, 0, 0, 77]);
  assert.deepEqual([...decode(0x11)!.get(3)!], [0, 0, 0, 0x11]);
  assert.equal(decode(0).has(3), false);
});
