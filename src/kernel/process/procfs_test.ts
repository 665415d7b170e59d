import assert from "node:assert/strict";
import { parseCgroup, parseStat } from "./procfs.ts";

const REST = "S 41 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1 1";

Deno.test("stat gives parent and start, whatever the name holds", () => {
  assert.deepEqual(parseStat(`43 (bash) ${REST}`), { ppid: 41, startTicks: 987654n });
  assert.deepEqual(parseStat(`43 (a) S 1 (b) ${REST}`), { ppid: 41, startTicks: 987654n });
  assert.equal(parseStat("43 (bash) S 41"), undefined);
  assert.equal(parseStat(""), undefined);
});

Deno.test("the cgroup v2 line is found among others", () => {
  assert.equal(parseCgroup("5:devices:/x\n0::/a/b\n"), "/a/b");
  assert.equal(parseCgroup("5:devices:/x\n"), undefined);
});
