/** The disk that holds the log is full: closed until there is space, and nothing is missing then. */

import assert from "node:assert/strict";
import { tool } from "../../src/demo/command.ts";
import { fails, POLICY, tryForbidden, works } from "../support/fault.ts";
import { one, some } from "../support/log.ts";
import { EGRESS, readLog } from "../support/run.ts";
import { Shell } from "../support/shell.ts";
import { suite } from "../support/suite.ts";

const test = suite();

test("disk full: nothing passes until there is space, and the log has all of it", async (scene) => {
  const disk = `${scene.folder}/disk`;
  await Deno.mkdir(disk);
  await tool(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]);
  try {
    const log = `${disk}/log.jsonl`;
    await using shell = await Shell.start(scene, { policy: POLICY, log });
    await works(shell);
    await tool(["sh", "-c", 'cat /dev/zero >"$1" 2>/dev/null || true', "sh", `${disk}/filler`]);
    await fails(shell);
    await tryForbidden(scene, shell);
    await Deno.remove(`${disk}/filler`);
    await works(shell);
    await shell.end();
    // The disk goes with the mount: what is to be seen must be read before.
    await tool([EGRESS, "verify-log", log]);
    const lines = await readLog(log);
    one(lines, { type: "error", error: "log_failed" });
    some(lines, { policy: "deny", reason: "log_failed" });
    assert.equal(lines.at(-1)?.type, "stop");
  } finally {
    await tool(["umount", disk]);
  }
});
