import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeEnvironPart } from "../bpf/environ_event.ts";
import { EnvironParts, stepOf } from "./steps.ts";

const utf8 = new TextEncoder();
const environ = (...entries: string[]) => utf8.encode(entries.map((e) => e + "\0").join(""));

Deno.test("a step's names are read from its environment", () => {
  const both = environ("PATH=/bin", "GITHUB_ACTION=__run", "GITHUB_ACTION_REPOSITORY=o/r", "A=b=c");
  assert.deepEqual(stepOf(both), { step: "__run", action: "o/r" });
  assert.deepEqual(stepOf(environ("GITHUB_ACTION=__run", "GITHUB_ACTION_REPOSITORY=")), {
    step: "__run",
  });
  assert.deepEqual(stepOf(environ()), {});
  assert.deepEqual(stepOf(environ("XGITHUB_ACTION=a", "GITHUB_ACTIONS=true")), {});
});

Deno.test("a name with two values is not known", () => {
  const two = environ("GITHUB_ACTION_REPOSITORY=evil/x", "GITHUB_ACTION_REPOSITORY=owner/egress");
  assert.deepEqual(stepOf(two), {});
  assert.deepEqual(stepOf(environ("GITHUB_ACTION=a", "GITHUB_ACTION=a")), { step: "a" });
});

const part = (index: number, text: string, more: object = {}) => ({
  ...{ pid: 1, start: 5n, index, text: utf8.encode(text), last: false, broken: false },
  ...more,
});

Deno.test("parts are put together; without one of them nothing is known", () => {
  const parts = new EnvironParts();
  assert.equal(parts.take(part(0, "GITHUB_ACT")), undefined);
  assert.equal(parts.take(part(0, "GITHUB_ACT", { pid: 2 })), undefined);
  assert.deepEqual(parts.take(part(1, "ION=x\0", { last: true })), { step: "x" });
  assert.deepEqual(parts.take(part(2, "ION=x\0", { pid: 2, last: true })), {});
  assert.deepEqual(parts.take(part(0, "GITHUB_ACTION=x\0", { last: true, broken: true })), {});
  assert.deepEqual(parts.take(part(3, "GITHUB_ACTION=x\0", { last: true })), {});
});

Deno.test("environments that are never complete take a bounded amount of memory", () => {
  const parts = new EnvironParts();
  for (let pid = 1; pid < 1000; pid++) parts.take(part(0, "A=", { pid }));
  assert.deepEqual(parts.take(part(1, "b\0", { pid: 1, last: true })), {});
  assert.deepEqual(parts.take(part(1, "b\0", { pid: 999, last: true })), {});
});

Deno.test("any record is decoded without throwing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (start, whole) => {
      const bytes = new Uint8Array(whole ? 48 + 8 + 16384 : start.length);
      bytes.set(start);
      const decoded = decodeEnvironPart(bytes);
      if (decoded) new EnvironParts().take(decoded);
    }),
    { numRuns: 1000, seed: 1 },
  );
});
