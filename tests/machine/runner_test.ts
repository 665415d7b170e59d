/** Under guard inside a GitHub job: only the action that started it gives orders, and rules are the runner's. */

import assert from "node:assert/strict";
import { JobRunner } from "../support/job_runner.ts";
import { EGRESS, readLog } from "../support/run.ts";
import { logOf, machineSuite } from "../support/machine_suite.ts";

const test = machineSuite();
const OURS = { GITHUB_ACTION: "__owner_egress", GITHUB_ACTION_REPOSITORY: "owner/egress" };
const EVIL = { GITHUB_ACTION: "__evil", GITHUB_ACTION_REPOSITORY: "evil/action" };

test("in a job the action that started the guard ends it, and nobody else", async (s) => {
  const before = await s.state();
  const runner = await JobRunner.start(s.machine);
  const policy = "site.test\nhttp://site.test/* step=__build\n";
  const started = await runner.step(
    OURS,
    `${EGRESS} start --policy-text '${policy}' --log ${
      logOf(s)
    } --upstream-ca ${s.internet.caFile} --github-env /run/github_env`,
  );
  assert.equal(started.code, 0, started.output);
  assert.match(started.output, /orders from: owner\/egress/);

  const fetching = "curl -sS -m 5 -o /dev/null -w '%{http_code}' http://site.test/";
  const build = await runner.step({ GITHUB_ACTION: "__build" }, fetching);
  assert.equal(build.output, "200");
  // Another step, also one that says otherwise of itself.
  assert.equal((await runner.step(EVIL, `GITHUB_ACTION=__build ${fetching}`)).output, "403");
  // Rules are the job's: a process elsewhere on the machine gets nothing of them.
  const elsewhere = await s.machine.run("curl", "-sS", "-m", "5", "https://site.test/");
  assert.notEqual(elsewhere.code, 0);

  for (const env of [EVIL, { GITHUB_ACTION: "__run" }]) {
    const stop = await runner.step(env, `GITHUB_ACTION_REPOSITORY=owner/egress ${EGRESS} stop`);
    assert.equal(stop.code, 1, stop.output);
    assert.match(stop.output, /refused: the caller belongs to/);
  }
  const root = await s.machine.egress("stop");
  assert.equal(root.code, 1);
  assert.match(root.stderr, /does not descend from a step/);
  // Root's signal to the supervisor.
  const status = JSON.parse((await runner.step(OURS, `${EGRESS} status --json`)).output);
  await s.machine.sh(`kill -TERM $(fuser /run/egress/${status.id}/lock 2>/dev/null)`);
  assert.equal((await runner.step({ GITHUB_ACTION: "__build" }, fetching)).output, "200");

  const environment = await s.machine.sh("cat /run/github_env");
  assert.match(environment.stdout, /^NODE_EXTRA_CA_CERTS=\/etc\/ssl\/certs\/ca-certificates.crt$/m);

  const end = await runner.step(OURS, `${EGRESS} stop`);
  assert.equal(end.code, 0, end.output);
  await runner.close();
  await s.machine.sh(
    `cd /sys/fs/cgroup; find . -depth -path '*system.slice*' -type d -exec rmdir {} + 2>/dev/null`,
  );
  assert.equal(await s.state(), before);

  const log = await readLog(logOf(s));
  const refused = log.filter((e) => e.error === "control_refused").map((e) => e.message);
  assert.ok(refused.some((m) => m?.includes("belongs to evil/action")), String(refused));
  assert.ok(refused.some((m) => m?.includes("SIGTERM")), String(refused));
  const allowed = log.find((e) => e.type === "http" && e.policy === "allow");
  assert.equal(allowed?.step, "__build");
  const denied = log.find((e) => e.type === "http" && e.policy === "deny");
  assert.deepEqual([denied?.step, denied?.action], ["__evil", "evil/action"]);
});
