import assert from "node:assert/strict";
import { painter } from "../demo/render.ts";
import { lacks, ok } from "./check.ts";
import { renderChecks } from "./render.ts";

Deno.test("doctor's table: a row a check, what to do below it, and the verdict", () => {
  const checks = [ok("kernel", "6.8"), lacks("loopback", "missing", "down", "ip link set lo up")];
  assert.equal(
    renderChecks(checks, painter(false)),
    [
      "  kernel    ok       6.8",
      "  loopback  missing  down",
      "                     -> ip link set lo up",
      "",
      "  egress cannot run here: see what is missing.",
      "",
    ].join("\n"),
  );
  assert.match(renderChecks(checks.slice(0, 1), painter(false)), /egress can run here\./);
});

Deno.test("doctor's table: what a program said cannot write escape sequences", () => {
  assert.ok(!renderChecks([ok("x", "\x1b[2J")], painter(false)).includes("\x1b"));
});
