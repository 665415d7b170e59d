import assert from "node:assert/strict";
import { formatLogLine } from "./log.ts";

Deno.test("log lines have a stable key order and leave out what does not apply", () => {
  const line = formatLogLine({
    pid: 7,
    policy: "deny",
    type: "dns",
    ts: "2026-01-02T03:04:05.678Z",
    name: "a\nb",
    exe: undefined,
  });
  assert.equal(
    line,
    '{"ts":"2026-01-02T03:04:05.678Z","type":"dns","policy":"deny","name":"a\\nb","pid":7}\n',
  );
});
