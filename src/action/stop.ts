/**
 * Ends the guard, as the action that started it, and sees that the machine is as before.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { asRoot } from "./as_root.ts";
import { ask, NotRunning, Refused } from "./control.ts";
import { HookError, reasonOf } from "./errors.ts";
import { executablePath } from "./executable.ts";
import { type GuardStatus, toGuardStatus } from "./guard_status.ts";
import { say } from "./hook.ts";
import { endContainers } from "./job_containers.ts";
import { endLeftovers } from "./job_processes.ts";

/** What a guard leaves to read when it ends; its folder is root's alone to write. */
const STOPPED = "/run/egress/stopped.json";
/** Longest wait for the end, ms. */
const PATIENCE = 60_000;
const LOOK_EVERY = 50;

/** How it ended. */
export interface End {
  /** The guard's last words; absent if it had been killed. */
  status?: GuardStatus;
  /** What is not as before, or could not be put back, in words. */
  leftovers: string[];
}

/**
 * Ends the guard.
 *
 * @throws {HookError} if it guards on, or what it left could not be put in order: then the machine is closed
 */
export async function stopGuard(): Promise<End> {
  try {
    let status = toGuardStatus(await ask({ op: "status" }));
    if (status.mode !== "audit") {
      await endJob(status.uptime_s);
      // What they did to the end counts.
      status = toGuardStatus(await ask({ op: "status" }));
    }
    await ask({ op: "shutdown" });
    return { status, leftovers: await waitForEnd(status.id) };
  } catch (error) {
    if (!(error instanceof NotRunning || error instanceof Refused)) throw error;
    return await stopAsRoot(error);
  }
}

/** Nothing of the job must be there to use the open machine. Processes first: they could start containers. */
async function endJob(uptime: number): Promise<void> {
  const processes = await endLeftovers(uptime);
  const containers = await endContainers();
  if (containers + processes === 0) return;
  say(`egress: ended what the job left running: ${processes} processes, ${containers} containers`);
}

/** Where the guard was killed, or takes orders from root alone. */
async function stopAsRoot(why: Error): Promise<End> {
  say(`egress: ${why.message}; ending it as root`);
  const { code, stderr } = await asRoot('exec "$1" stop', {
    args: [executablePath()],
    timeout: PATIENCE * 2,
    onLine: say,
  });
  if (code === 0) return { leftovers: [] };
  throw new HookError(
    `${why.message}, and root's \`egress stop\` failed (exit status ${code}): ` +
      `${stderr.trim() || "sudo is not there"}. The machine stays closed.`,
    undefined,
    { cause: why },
  );
}

async function waitForEnd(id: string): Promise<string[]> {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await setTimeout(LOOK_EVERY)) {
    const stopped = readStopped();
    if (stopped?.id === id) return [...stopped.problems ?? [], ...stopped.differences ?? []];
  }
  throw new HookError(`the guard ${id} was told to end, and did not within ${PATIENCE / 1000} s`);
}

function readStopped(): { id?: string; problems?: string[]; differences?: string[] } | undefined {
  try {
    return JSON.parse(readFileSync(STOPPED, "utf8"));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Not there yet, or half written.
    if (code === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw new HookError(`cannot read ${STOPPED}: ${reasonOf(error)}`, undefined, { cause: error });
  }
}
