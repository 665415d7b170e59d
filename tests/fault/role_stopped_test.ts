/** A role hangs (SIGSTOP): what it would decide waits, then fails; nothing passes unjudged. */

import { endWell, PING, POLICY, tryForbidden, works } from "../support/fault.ts";
import { rolesOf } from "../support/leftovers.ts";
import { Shell } from "../support/shell.ts";
import { suite } from "../support/suite.ts";

const test = suite();

for (const role of ["kernel", "engine", "proxy"]) {
  test(`${role} stopped: nothing passes unjudged, and all goes on when it does`, async (scene) => {
    await using shell = await Shell.start(scene, { policy: POLICY });
    await works(shell);
    const pids = (await rolesOf(shell.run)).get(role) ?? [];
    try {
      for (const pid of pids) Deno.kill(pid, "SIGSTOP");
      // More than the queue of packets and the queues of connections hold.
      const flood = `for i in $(seq 300); do ${PING.replace("timeout 2", "timeout 1")} & ` +
        "curl -s -m 1 https://site.test/ & done >/dev/null 2>&1; wait $(jobs -p)";
      await shell.do(role === "kernel" ? flood.replace("300", "20") : ":");
      await tryForbidden(scene, shell);
    } finally {
      for (const pid of pids) Deno.kill(pid, "SIGCONT");
    }
    await works(shell);
    await endWell(scene, shell);
  });
}
