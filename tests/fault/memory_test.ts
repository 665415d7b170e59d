/** Roles are out of memory: the kernel kills them, and they are started again. */

import assert from "node:assert/strict";
import { endWell, isBack, POLICY, stillArmed, tryForbidden, works } from "../support/fault.ts";
import { rolesOf } from "../support/leftovers.ts";
import { some } from "../support/log.ts";
import { MemoryLimit } from "../support/memory_limit.ts";
import { Shell } from "../support/shell.ts";
import { suite } from "../support/suite.ts";
import { until } from "../support/until.ts";

const test = suite();

/** Work that takes memory in every role. */
const CROWD = "for i in $(seq 30); do curl -s -m 2 https://site.test/$i & " +
  "dig +tries=1 +time=1 a$RANDOM.site.test & done >/dev/null 2>&1; wait $(jobs -p)";

for (const role of ["kernel", "engine", "proxy"]) {
  test(`${role} out of memory: nothing passes unjudged, and it is started again`, async (scene) => {
    await using shell = await Shell.start(scene, { policy: POLICY });
    await works(shell);
    const pids = (await rolesOf(shell.run)).get(role) ?? [];
    assert.ok(pids.length > 0);
    await using _ = await MemoryLimit.on(pids);
    await until("it is killed for want of memory", async () => {
      await shell.do(CROWD);
      const now = (await rolesOf(shell.run)).get(role) ?? [];
      return pids.some((pid) => !now.includes(pid));
    });
    await tryForbidden(scene, shell);
    await isBack(shell, role, pids.filter((pid) => !isAlive(pid)));
    await works(shell);
    await stillArmed(scene, shell);
    const { log } = await endWell(scene, shell);
    some(log, { type: "error", error: `${role}_ended` });
  });
}

function isAlive(pid: number): boolean {
  try {
    return Deno.statSync(`/proc/${pid}`).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
