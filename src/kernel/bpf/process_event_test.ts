import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeArguments, decodeProcessEvent, TRUNCATED } from "./process_event.ts";

const SIZE = 56 + 1280 + 2048;

function exec(names: string, argv: string, flags = 0): Uint8Array {
  const bytes = new Uint8Array(SIZE);
  const view = new DataView(bytes.buffer);
  const utf8 = new TextEncoder();
  view.setUint32(0, 2, true);
  view.setUint32(4, 10, true);
  view.setUint32(8, 9, true);
  view.setUint32(12, flags, true);
  view.setBigUint64(16, 100n, true);
  view.setBigUint64(40, 90n, true);
  view.setUint32(48, names.length, true);
  view.setUint32(52, argv.length, true);
  bytes.set(utf8.encode(names), 56);
  bytes.set(utf8.encode(argv), 56 + 1280);
  return bytes;
}

Deno.test("an exec gives path and arguments", () => {
  const event = decodeProcessEvent(exec("curl\0bin\0usr\0", "curl\0-s\0\0x\0"));
  assert.equal(event?.kind, "exec");
  assert.equal(event?.pid, 10);
  assert.equal(event?.ppid, 9);
  assert.equal(event?.start, 100n);
  assert.equal(event?.parentStart, 90n);
  assert.deepEqual(event?.image, { exe: "/usr/bin/curl", cmdline: ["curl", "-s", "", "x"] });
});

Deno.test("what was cut or deleted is marked", () => {
  assert.equal(decodeProcessEvent(exec("x\0tmp\0", "x\0", 4))?.image?.exe, "/tmp/x (deleted)");
  assert.equal(decodeProcessEvent(exec("x\0d\0", "x\0", 1))?.image?.exe, `${TRUNCATED}/d/x`);
  assert.deepEqual(decodeProcessEvent(exec("x\0", "x\0ab", 2))?.image?.cmdline, [
    "x",
    `ab${TRUNCATED}`,
  ]);
  assert.deepEqual(decodeArguments(new Uint8Array(0), true), [TRUNCATED]);
  assert.deepEqual(decodeArguments(new Uint8Array(0), false), []);
});

Deno.test("fork and exit need no image; an unknown kind is none", () => {
  const head = new Uint8Array(48);
  head[0] = 1;
  assert.equal(decodeProcessEvent(head)?.kind, "fork");
  head[0] = 3;
  assert.equal(decodeProcessEvent(head)?.kind, "exit");
  head[0] = 2;
  assert.equal(decodeProcessEvent(head), undefined);
  head[0] = 9;
  assert.equal(decodeProcessEvent(head), undefined);
});

Deno.test("any record is decoded without throwing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (start, whole) => {
      const bytes = new Uint8Array(whole ? SIZE : start.length);
      bytes.set(start);
      decodeProcessEvent(bytes);
    }),
    { numRuns: 1000, seed: 1 },
  );
});
