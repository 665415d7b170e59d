/**
 * A file of tests of the whole-machine guard: one little internet for all of them, and for each test a machine of its
 * own in the client's place.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type Ended, Machine } from "./machine.ts";
import { EGRESS } from "./run.ts";
import { type Scene, suite } from "./suite.ts";
import type { InternetOptions } from "../../src/demo/internet.ts";

/** What a test works with. */
export interface MachineScene extends Scene {
  machine: Machine;
  /** Starts the guard; it must come up. */
  guard(policy: string, ...args: string[]): Promise<Ended>;
  /** Everything that a guard changes, as text. */
  state(): Promise<string>;
}

/** Path of the log on the machine; the file is the real machine's too. */
export const logOf = (scene: Scene) => `${scene.folder}/log.jsonl`;

const STATE = `
cgroup2=$(sed -n 's/^[^ ]* [^ ]* [^ ]* \\/ \\([^ ]*\\) .* - cgroup2 .*/\\1/p' /proc/self/mountinfo)
iptables-save | grep '^-'
head /proc/sys/kernel/unprivileged_userns_clone /proc/sys/kernel/apparmor_restrict_unprivileged_userns \\
  /proc/sys/kernel/yama/ptrace_scope
sha256sum /etc/ssl/certs/ca-certificates.crt
ls -Al --time-style=+ /etc/ssl/certs /usr/local/share/ca-certificates | sha256sum
ls -Al --time-style=+ /etc/sudoers.d
cat /etc/sudoers.d/*
find "$cgroup2" -name 'egress-*'
grep -c ' /run/egress/' /proc/self/mountinfo
ls -A /run/egress 2>/dev/null | grep -v stopped.json
bpftool cgroup tree "$cgroup2" | grep -vE '^(CgroupPath|ID)'
tc filter show dev uplink egress
true`;

/** Registers the start and the end of an internet for the tests of a file. */
export function machineSuite(
  options: InternetOptions = {},
): (name: string, body: (s: MachineScene) => Promise<void>) => void {
  const test = suite(options);
  return (name, body) =>
    test(name, async (scene) => {
      await using machine = await Machine.create(scene.internet);
      // Rules would outlive the machine: the network is the internet's.
      await using _cleaner = {
        [Symbol.asyncDispose]: async () => {
          await machine.sh(`[ -z "$(ls -A /run/egress)" ] || "$1" stop`, EGRESS);
        },
      };
      await body({
        ...scene,
        machine,
        guard: async (policy, ...args) => {
          const started = await machine.egress(
            ...["start", "--policy-text", policy, "--log", logOf(scene)],
            ...["--upstream-ca", scene.internet.caFile, ...args],
          );
          assert.equal(started.code, 0, started.stderr);
          return started;
        },
        state: async () => {
          const { code, stdout, stderr } = await machine.sh(STATE);
          assert.equal(code, 0, stderr);
          return stdout;
        },
      });
    });
}
