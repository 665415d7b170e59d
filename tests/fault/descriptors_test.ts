/** Roles are out of file descriptors: connections wait or fail, and pass again when there are some. */

import assert from "node:assert/strict";
import { tool } from "../../src/demo/command.ts";
import {
  closedFor,
  endWell,
  fails,
  killRole,
  POLICY,
  tryForbidden,
  works,
} from "../support/fault.ts";
import { rolesOf } from "../support/leftovers.ts";
import { Shell } from "../support/shell.ts";
import { suite } from "../support/suite.ts";

const test = suite();

/** Opens more connections than that, and lookups beside them, holds them for a while, and lets go. */
const CROWD = "for i in $(seq 60); do { printf 'GET / HTTP/1.1\\r\\n'; sleep 2; } | " +
  "nc -w 3 198.51.100.20 80 & dig +tries=1 +time=1 site.test & done >/dev/null 2>&1; wait $(jobs -p)";

for (const role of ["kernel", "engine", "proxy"]) {
  test(`${role} out of file descriptors: nothing passes unjudged, and all works afterwards`, async (scene) => {
    await using shell = await Shell.start(scene, { policy: POLICY });
    await works(shell);
    for (const pid of (await rolesOf(shell.run)).get(role) ?? []) {
      const used = [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
      await tool(["prlimit", "--pid", String(pid), `--nofile=${used + 8}:${used + 8}`]);
    }
    await shell.do(CROWD);
    await tryForbidden(scene, shell);
    await works(shell);
    await endWell(scene, shell);
  });
}

test("supervisor out of file descriptors: a role that ends then is given up, and all is closed", async (scene) => {
  await using shell = await Shell.start(scene, { policy: POLICY });
  await works(shell);
  const { pid } = shell.running;
  const limit = async (more: number) => {
    const count = [...Deno.readDirSync(`/proc/${pid}/fd`)].length + more;
    await tool(["prlimit", "--pid", String(pid), `--nofile=${count}:${1024}`]);
  };
  await limit(0);
  await killRole(shell, "engine");
  await tryForbidden(scene, shell);
  assert.match(await closedFor(shell), /the engine role ended too often.*open files/);
  await fails(shell);
  // The end takes descriptors, too.
  await limit(100);
  await endWell(scene, shell, 125);
});
