/**
 * There is one guard on a machine; what a killed one left is put in order by the next.
 *
 * @module
 */

import type { KernelRelease, KernelToSupervisor } from "../../protocol/mod.ts";
import { EgressError } from "../errors.ts";
import { makeLauncher, type RoleHome } from "../role_launcher.ts";
import { startPiped } from "../role_process.ts";
import { readRecord, type RunRecord, takeApart } from "../stale.ts";
import { takeBack } from "./changes.ts";
import { MARK } from "./places.ts";
import { exists } from "../files.ts";

/** Folders of guards, living and killed. */
function guards(): string[] {
  const found: string[] = [];
  for (const entry of Deno.readDirSync("/run/egress")) {
    if (entry.isDirectory && exists(`/run/egress/${entry.name}/${MARK}`)) found.push(entry.name);
  }
  return found;
}

/**
 * Takes what killed guards left apart: the machine is open afterwards.
 *
 * @returns ids taken apart, and what went wrong
 * @throws {EgressError} if a guard lives
 */
export async function clearGuards(
  ownNetns: string,
  home: RoleHome,
  env: Record<string, string>,
): Promise<{ cleared: string[]; problems: string[] }> {
  const cleared: string[] = [];
  const problems: string[] = [];
  for (const id of guards()) {
    if (lives(id)) {
      throw new EgressError(
        `egress guards this machine already (${id})`,
        "look with egress status, end it with egress stop",
      );
    }
    const record = readRecord(id);
    problems.push(...await takeBack(`${record.state}/undo`));
    problems.push(...await releaseGate(record, home, env));
    problems.push(...await takeApart(record, record.netns === ownNetns));
    cleared.push(id);
  }
  return { cleared, problems };
}

/** A living supervisor holds a lock on its folder. */
function lives(id: string): boolean {
  using lock = Deno.openSync(`/run/egress/${id}/lock`, { read: true });
  if (!lock.tryLockSync(true)) return true;
  lock.unlockSync();
  return false;
}

/**
 * Has a kernel role take the programs over that a killed one left attached, and take them away.
 *
 * @returns what could not be done, in words
 */
export async function releaseGate(
  record: RunRecord,
  home: RoleHome,
  env: Record<string, string>,
): Promise<string[]> {
  if (record.release === undefined) return [];
  const rolesDir = `${record.cgroupDir}/roles`;
  const launcher = makeLauncher(home, `${record.state}/private`, rolesDir, env);
  const { promise, resolve } = Promise.withResolvers<string[]>();
  const boot: KernelRelease = {
    role: "kernel",
    release: true,
    object: home.object,
    ...record.release,
  };
  const kernel = startPiped(launcher, "kernel", boot, (body) => {
    const message = body as KernelToSupervisor;
    if (message.op === "released") resolve([]);
    if (message.op === "fatal") resolve([`the gate: ${message.error}`]);
  });
  kernel.ended.then(() => resolve([`the gate: ${kernel.lastWords()}`]));
  const problems = await promise;
  kernel.kill();
  await kernel.ended;
  return problems;
}
