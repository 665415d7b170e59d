/** The relay for insecure connections is killed. */

import assert from "node:assert/strict";
import { endWell, killRole, POLICY, tryForbidden } from "../support/fault.ts";
import { events, show } from "../support/log.ts";
import { Shell } from "../support/shell.ts";
import { suite } from "../support/suite.ts";

const test = suite();

test("relay killed: insecure requests fail, and pass again", async (scene) => {
  await using shell = await Shell.start(scene, { policy: `${POLICY}self-signed.test insecure\n` });
  const ask = "until curl -sS -m 5 https://self-signed.test/relayed; do :; done";
  assert.match(await shell.do(ask), /GET \/relayed/);
  const old = await killRole(shell, "relay");
  assert.equal(old.length, 1);
  await tryForbidden(scene, shell);
  assert.match(await shell.do(ask), /GET \/relayed/);
  const { log } = await endWell(scene, shell);
  assert.equal(events(log, { type: "error", error: "relay_ended" }).length, 1, show(log));
});
