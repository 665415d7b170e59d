/** Roles are out of file descriptors: connections wait or fail, and pass again when there are some. */

import { tool } from "../../src/demo/command.ts";
import { endWell, POLICY, tryForbidden, works } from "../support/fault.ts";
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
