import assert from "node:assert/strict";
import fc from "fast-check";
import { containerEvent } from "./containers.ts";

Deno.test("the wrapper's lines become lines of the log", () => {
  const line = { ts: "t", type: "container", policy: "deny", container: "c", image: "i" };
  assert.deepEqual(containerEvent(JSON.stringify({ ...line, message: "refused" })), {
    ts: "t",
    type: "container",
    policy: "deny",
    reason: "container",
    image: "i",
    message: "refused",
  });
  assert.deepEqual(containerEvent(JSON.stringify({ ts: "t", policy: "allow", message: "m" })), {
    ts: "t",
    type: "container",
    message: "m",
  });
  for (const bad of ["", "{", "null", "[1]", "{}", JSON.stringify(line)]) {
    assert.equal(containerEvent(bad), undefined, bad);
  }
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void containerEvent(text)));
});
