/** A job's secrets on a guarded machine: the worker's memory, and the addresses that give the machine's credentials. */

import assert from "node:assert/strict";
import { EGRESS, readLog } from "../support/run.ts";
import { JobRunner, WORKER } from "../support/job_runner.ts";
import { logOf, machineSuite } from "../support/machine_suite.ts";

const OURS = { GITHUB_ACTION: "__owner_egress", GITHUB_ACTION_REPOSITORY: "owner/egress" };
const EVIL = { GITHUB_ACTION: "__evil", GITHUB_ACTION_REPOSITORY: "evil/action" };
const METADATA = ["169.254.169.254", "168.63.129.16"];
const test = machineSuite({
  hosts: METADATA.map((address, i) => ({
    name: `metadata${i}.test`,
    address,
    services: [{ type: "web", port: 80, site: "echo" }],
  })),
});

/** As `curl` says it: the status, 000 without one. */
const fetching = (address: string) =>
  `curl -sS -m 5 -o /dev/null -w '%{http_code}' http://${address}/`;
const AGENT = `
root=$(sed -n 's/^[^ ]* [^ ]* [^ ]* \\/ \\([^ ]*\\) .* - cgroup2 .*/\\1/p' /proc/self/mountinfo)
mkdir -p "$root/azure.slice/walinuxagent.service"
echo $$ > "$root/azure.slice/walinuxagent.service/cgroup.procs"
eval "$1"`;

test("metadata and the worker's memory are not for steps", async (s) => {
  const runner = await JobRunner.start(s.machine);
  const free = await runner.step(EVIL, fetching(METADATA[0]!));
  assert.equal(free.output, "200", "without a guard it is there for everybody");
  const started = await runner.step(
    OURS,
    `${EGRESS} start --policy-text 'site.test' --log ${logOf(s)}`,
  );
  assert.equal(started.code, 0, started.output);

  for (const address of METADATA) {
    assert.equal((await runner.step(EVIL, fetching(address))).output, "403", address);
    const elsewhere = await s.machine.sh(fetching(address));
    assert.equal(elsewhere.stdout, "403", `${address} for root in another cgroup`);
    const agent = await s.machine.sh(AGENT, fetching(address));
    assert.equal(agent.stdout, "200", `${address} for the agent: ${agent.stderr}`);
  }
  const read = await runner.step(
    EVIL,
    `for exe in /proc/[0-9]*/exe; do
       [ "$(readlink $exe)" != ${WORKER} ] || exec 3<"\${exe%exe}mem"
     done`,
  );

  const end = await runner.step(OURS, `${EGRESS} stop`);
  assert.equal(end.code, 0, end.output);
  await runner.close();
  await s.machine.sh(
    `cd /sys/fs/cgroup; find . -depth \\( -path '*system.slice*' -o -path '*azure.slice*' \\) -type d -exec rmdir {} + 2>/dev/null`,
  );

  const log = await readLog(logOf(s));
  const denied = log.filter((e) => e.type === "http" && e.policy === "deny");
  assert.deepEqual(denied.map((e) => e.dst_ip), METADATA.flatMap((ip) => [ip, ip]));
  const memory = log.find((e) => e.message?.startsWith("memory of the runner's worker"));
  assert.equal(memory?.step, "__evil", JSON.stringify(log.slice(-5)));
  assert.equal(/: refused$/.test(memory?.message ?? ""), read.code !== 0, read.output);
});
