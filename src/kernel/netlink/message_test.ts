import assert from "node:assert/strict";
import {
  be16,
  be32,
  concat,
  decodeMessages,
  encodeMessage,
  nested,
  uint16,
  uint32,
} from "./message.ts";

const HEAD = { subsystem: 3, type: 1, seq: 7, flags: 4, family: 2, resource: 4711 };

Deno.test("a message is laid out as linux/netlink.h says", () => {
  const bytes = encodeMessage(HEAD, [[5, new Uint8Array([9])]]);
  assert.deepEqual([...bytes], [
    ...[28, 0, 0, 0], // length, host-endian
    ...[1, 3], // type: message, subsystem
    ...[5, 0], // REQUEST | ACK
    ...[7, 0, 0, 0], // seq
    ...[0, 0, 0, 0], // port id
    ...[2, 0, 0x12, 0x67], // family, version, res_id big-endian
    ...[5, 0, 5, 0, 9, 0, 0, 0], // attribute, padded to 4
  ]);
});

Deno.test("what is encoded is decoded, nested attributes too", () => {
  const first = encodeMessage(HEAD, [[1, be32(0xdeadbeef)], [2, [[3, be16(53)]]]]);
  const [message, second] = decodeMessages(concat([first, encodeMessage({ ...HEAD, seq: 8 }, [])]));
  assert.ok(message && "attributes" in message);
  assert.equal(message.resource, 4711);
  assert.equal(uint32(message.attributes, 1), 0xdeadbeef);
  assert.equal(uint16(nested(message.attributes, 2), 3), 53);
  assert.equal(second?.seq, 8);
});

Deno.test("an acknowledgement and an error give their code", () => {
  const error = (code: number, type = 2) => {
    const bytes = encodeMessage(HEAD, [[1, be32(0)]]);
    const view = new DataView(bytes.buffer);
    view.setUint16(4, type, true);
    view.setInt32(16, code, true);
    return decodeMessages(bytes);
  };
  assert.deepEqual(error(0), [{ seq: 7, code: 0 }]);
  assert.deepEqual(error(-2), [{ seq: 7, code: 2 }]);
  assert.deepEqual(error(0, 3), [{ seq: 7, code: 0 }], "the end of a list");
});

Deno.test("a message that is cut short ends the list", () => {
  const bytes = encodeMessage(HEAD, [[1, be32(1)]]);
  assert.deepEqual(decodeMessages(bytes.subarray(0, bytes.length - 1)), []);
  assert.deepEqual(decodeMessages(new Uint8Array(3)), []);
});
