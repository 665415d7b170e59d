import assert from "node:assert/strict";
import type { FlowTuple } from "../bpf/layout.ts";
import {
  decodeOriginal,
  encodeDelete,
  encodeDeleteByMark,
  encodeGetByReply,
  isRedirected,
} from "./conntrack.ts";
import { decodeMessages, type Message, uint32 } from "./message.ts";

const FLOW: FlowTuple = {
  protocol: 17,
  src: 0x0a000002,
  srcPort: 5000,
  dst: 0xc0000201,
  dstPort: 53,
};

function only(bytes: Uint8Array): Message {
  const message = decodeMessages(bytes)[0];
  assert.ok(message && "attributes" in message);
  return message;
}

Deno.test("the original direction is read back from where it stands", () => {
  assert.deepEqual(decodeOriginal(only(encodeDelete(1, FLOW))), FLOW);
});

Deno.test("a question by reply tuple has no original direction", () => {
  const message = only(encodeGetByReply(1, FLOW));
  assert.equal(decodeOriginal(message), undefined);
  assert.ok(message.attributes.has(2));
});

Deno.test("deleting by mark always names the whole mark: without one it would delete everything", () => {
  const { attributes } = only(encodeDeleteByMark(1, 0x1234));
  assert.equal(uint32(attributes, 8), 0x1234);
  assert.equal(uint32(attributes, 21), 0xffffffff);
});

Deno.test("an entry is redirected by its status, and not without one", () => {
  const status = (bits: number): Message => ({
    ...only(encodeDelete(1, FLOW)),
    attributes: new Map([[3, new Uint8Array([0, 0, 0, bits])]]),
  });
  assert.equal(isRedirected(status(0x20)), true);
  assert.equal(isRedirected(status(0x1f)), false);
  assert.equal(isRedirected(only(encodeDelete(1, FLOW))), false);
});
