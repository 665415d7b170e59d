/** A role that is killed over and over is given up: the scope stays closed, and says why. */

import assert from "node:assert/strict";
import {
  closedFor,
  endWell,
  fails,
  killRole,
  POLICY,
  stillArmed,
  tryForbidden,
  works,
} from "../support/fault.ts";
import { readLog } from "../support/run.ts";
import { Shell } from "../support/shell.ts";
import { suite } from "../support/suite.ts";
import { until } from "../support/until.ts";

const test = suite();

for (const role of ["kernel", "engine"]) {
  test(`${role} killed over and over: closed for good, with the reason`, async (scene) => {
    await using shell = await Shell.start(scene, { policy: POLICY });
    await works(shell);
    await until("it is given up", async () => {
      await killRole(shell, role);
      return (await readLog(shell.logFile)).some((event) => event.error === "closed");
    });
    assert.match(await closedFor(shell), new RegExp(`the ${role} role ended too often`));
    await fails(shell);
    await tryForbidden(scene, shell);
    await stillArmed(scene, shell);
    const { stderr } = await endWell(scene, shell, 125);
    assert.match(stderr, new RegExp(`the ${role} role ended too often; the scope stays closed`));
  });
}
