/**
 * The main hook: says how the guard is, and gives the outputs.
 *
 * @module
 */

import { ask } from "./control.ts";
import { HookError, reasonOf } from "./errors.ts";
import { type GuardStatus, statusLine, toGuardStatus } from "./guard_status.ts";
import { runHook, say } from "./hook.ts";
import { tell } from "./runner_files.ts";

await runHook(async () => {
  const status = await readStatus();
  say(statusLine(status));
  tell("GITHUB_OUTPUT", {
    ...(status.log !== undefined && { log: status.log }),
    blocked: String(status.blocked),
    allowed: String(status.allowed),
  });
});

async function readStatus(): Promise<GuardStatus> {
  try {
    return toGuardStatus(await ask({ op: "status" }));
  } catch (error) {
    throw new HookError(
      `egress does not guard this machine as it should: ${reasonOf(error)}. ` +
        "It is started before the job's first step; its messages are there.",
      undefined,
      { cause: error },
    );
  }
}
