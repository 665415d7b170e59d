import assert from "node:assert/strict";
import { formatLogLine, type LogEvent } from "./log.ts";

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

Deno.test("a line is the same in whatever order its keys came", () => {
  const inOrder: LogEvent = {
    ts: "2026-01-02T03:04:05.678Z",
    type: "https",
    policy: "allow",
    reason: undefined,
    host: "a.example",
    pid: 7,
    cmdline: ["a"],
  };
  const turned = Object.fromEntries(Object.entries(inOrder).toReversed()) as unknown as LogEvent;
  assert.equal(formatLogLine(inOrder), formatLogLine(turned));
  const foreign = { ...inOrder, unknown: 1, bytes_up: null } as unknown as LogEvent;
  assert.equal(formatLogLine(foreign), formatLogLine(inOrder));
});
