/** The kernel role is killed, also together with the engine. */

import { endWell, isBack, killRole, POLICY, tryForbidden, works } from "../support/fault.ts";
import { roleKilled } from "../support/role_killed.ts";
import { Shell } from "../support/shell.ts";
import { suite } from "../support/suite.ts";

const test = suite();

roleKilled(test, "kernel");

test("kernel and engine killed at once", async (scene) => {
  await using shell = await Shell.start(scene, { policy: POLICY });
  const [kernel, engine] = [await killRole(shell, "kernel"), await killRole(shell, "engine")];
  await tryForbidden(scene, shell);
  await isBack(shell, "kernel", kernel);
  await isBack(shell, "engine", engine);
  await works(shell);
  await endWell(scene, shell);
});
