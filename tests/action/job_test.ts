/** The bundled hooks, run with the machine's own Node as a runner runs them, on a machine that they guard. */

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
