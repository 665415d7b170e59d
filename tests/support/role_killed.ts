/**
 * The tests of a role that is killed: in the middle of a transfer, twice, and while it starts.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  endWell,
  isBack,
  killRole,
  POLICY,
  stillArmed,
  Transfer,
  tryForbidden,
  works,
} from "./fault.ts";
import { events, show } from "./log.ts";
import { Shell } from "./shell.ts";
import type { Define } from "./suite.ts";

/** What lies between a role's end and its next one, in ms: it dies waiting, loading, attaching, serving. */
const MOMENTS = [0, 60, 180];

/** Defines them for a role that every run has. */
export function roleKilled(test: Define, role: "kernel" | "engine" | "proxy"): void {
  test(`${role} killed: what is forbidden stays so, and what is allowed passes again`, async (scene) => {
    await using shell = await Shell.start(scene, { policy: POLICY });
    await works(shell);
    const transfer = await Transfer.start(scene, shell);
    const old = await killRole(shell, role);
    assert.ok(old.length > 0, `no ${role} runs`);
    await tryForbidden(scene, shell);
    await isBack(shell, role, old);
    await works(shell);
    await stillArmed(scene, shell);
    await transfer.finish();
    const { log } = await endWell(scene, shell);
    const [line, ...more] = events(log, { type: "tcp", policy: "allow", dst_port: 9000 });
    assert.ok(line && more.length === 0, show(log));
    // Bytes need neither the kernel role nor the engine once they were judged.
    if (role === "proxy") assert.equal(line.error, "interrupted", show(log));
    else assert.equal(line.bytes_up, "begin\nend\n".length, show(log));
    assert.equal(
      events(log, { type: "error", error: `${role}_ended` }).length,
      old.length,
      show(log),
    );
  });

  test(`${role} killed again at any moment of its start`, async (scene) => {
    await using shell = await Shell.start(scene, { policy: POLICY });
    for (const moment of MOMENTS) {
      const first = await killRole(shell, role);
      await new Promise((resolve) => setTimeout(resolve, moment));
      const second = await killRole(shell, role);
      await tryForbidden(scene, shell);
      await isBack(shell, role, [...first, ...second]);
      await works(shell);
      await stillArmed(scene, shell);
    }
    await endWell(scene, shell);
  });
}
