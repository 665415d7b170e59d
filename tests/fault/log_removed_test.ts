/** The log is taken away under a run: nothing passes unlogged. */

import assert from "node:assert/strict";
import { fails, POLICY, tryForbidden, works } from "../support/fault.ts";
import { one, some } from "../support/log.ts";
import { readLog } from "../support/run.ts";
import { Shell } from "../support/shell.ts";
import { suite } from "../support/suite.ts";

const test = suite();

test("log renamed: closed until it is back, and then all is in it", async (scene) => {
  const log = `${scene.folder}/log.jsonl`;
  await using shell = await Shell.start(scene, { policy: POLICY, log });
  await works(shell);
  await Deno.rename(log, `${log}.1`);
  await fails(shell);
  await tryForbidden(scene, shell);
  await Deno.rename(`${log}.1`, log);
  await works(shell);
  const run = await shell.end();
  assert.equal(run.status, 0, run.stderr);
  assert.match(
    one(run.log, { type: "error", error: "log_failed" }).message ?? "",
    /removed or replaced/,
  );
  some(run.log, { policy: "deny", reason: "log_failed" });
});

test("log folder removed: closed for the rest of the run, which fails", async (scene) => {
  const folder = `${scene.folder}/logs`;
  await Deno.mkdir(folder);
  await using shell = await Shell.start(scene, { policy: POLICY, log: `${folder}/log.jsonl` });
  await works(shell);
  assert.ok((await readLog(shell.logFile)).length > 0);
  await Deno.remove(folder, { recursive: true });
  await fails(shell);
  await tryForbidden(scene, shell);
  const run = await shell.end();
  assert.equal(run.status, 125, run.stderr);
  assert.match(run.stderr, /log .*logs\/log\.jsonl could not be written: .*removed or replaced/);
});
