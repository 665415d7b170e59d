/** Containers under the guard of a whole machine: what stands in front of runc comes and goes with it. */

import assert from "node:assert/strict";
import { EGRESS, readLog } from "../support/run.ts";
import { logOf, machineSuite } from "../support/machine_suite.ts";

const test = machineSuite();

/** Not the inode: the machine's /usr is an overlay, which gives a file another one when it is first touched. */
const RUNC =
  `stat -c '%n %a %u %g %Y' /usr/sbin/runc; sha256sum /usr/sbin/runc; ls /usr/sbin | grep runc
dpkg-divert --list '*runc*'; ls /run/egress/containers 2>&1`;

test("start guards containers and gives them the CA, stop puts runc back", async (s) => {
  const before = (await s.machine.sh(RUNC)).stdout;
  await s.guard("site.test\n", "--container-allow", "allow: privileged image=a/b");
  const { stdout } = await s.machine.sh(
    `egress_status=$("$1" containers status --json)
    echo "$egress_status"; cmp /run/egress/containers/ca.crt /run/egress/????????/ca.crt && echo SAME
    cat /run/egress/containers/settings.json`,
    EGRESS,
  );
  const status = JSON.parse(stdout.split("\n")[0]!);
  assert.deepEqual([status.state, status.mode, status.certs], ["installed", "guard", true]);
  assert.match(stdout, /^SAME$/m);
  assert.match(stdout, /"privilege":"privileged","image":"a\/b"/);
  // As the wrapper notes a refusal.
  await s.machine.sh(
    `echo '{"ts":"2026-01-01T00:00:00.000Z","policy":"deny","image":"i","message":"no"}' \\
    >>/run/egress/containers/events.jsonl`,
  );
  const stopped = await s.machine.egress("stop");
  assert.equal(stopped.code, 0, stopped.stderr);
  assert.equal((await s.machine.sh(RUNC)).stdout, before);
  const line = (await readLog(logOf(s))).find((event) => event.type === "container");
  assert.equal(line?.policy, "deny");
  assert.equal(line?.reason, "container");
  assert.equal(line?.image, "i");
});

test("what a killed guard left in front of runc goes with the next stop", async (s) => {
  const before = (await s.machine.sh(RUNC)).stdout;
  await s.guard("site.test\n");
  assert.notEqual((await s.machine.sh(RUNC)).stdout, before);
  const { id } = JSON.parse((await s.machine.egress("status", "--json")).stdout);
  await s.machine.sh(
    `pid=$(fuser "/run/egress/${id}/lock" 2>/dev/null || lslocks -no PID,PATH | awk '/${id}\\/lock/ {print $1}')
     kill -9 $pid; while [ -e /proc/$pid ] && ! grep -q '^State:.Z' /proc/$pid/status; do sleep 0.02; done`,
  );
  assert.notEqual((await s.machine.sh(RUNC)).stdout, before);
  await s.machine.egress("stop");
  assert.equal((await s.machine.sh(RUNC)).stdout, before);
});

test("--containers off and --no-container-certs leave runc alone; nonsense is refused", async (s) => {
  const before = (await s.machine.sh(RUNC)).stdout;
  await s.guard("site.test\n", "--containers", "off", "--no-container-certs");
  assert.equal((await s.machine.sh(RUNC)).stdout, before);
  await s.machine.egress("stop");
  for (const args of [["--containers", "maybe"], ["--container-allow", "allow: root"]]) {
    const refused = await s.machine.egress("start", "--audit", ...args);
    assert.equal(refused.code, 2, refused.stderr);
  }
});
