/** The bundled hooks where things go wrong: the job fails, the machine is as before. */

import assert from "node:assert/strict";
import { Job, stateOf, values } from "../support/job.ts";
import { machineSuite } from "../support/machine_suite.ts";

const test = machineSuite();

test("a job whose guard cannot start fails, and nothing is left", async (s) => {
  await using job = await Job.start(s);
  const before = await s.state();
  const wrong = await job.hook("pre.js", { INPUT_POLICY: "site.test\n*.github.*\n" });
  assert.equal(wrong.code, 1);
  assert.match(
    wrong.output,
    /^::error title=egress policy%3A host-name::line 2 of the policy, column 1: /m,
  );
  const file = await job.hook("pre.js", { "INPUT_POLICY-FILE": "no.policy" });
  assert.equal(file.code, 1);
  assert.match(
    file.output,
    /^::error title=egress::`policy-file`: cannot read no.policy of commit c0ffee/m,
  );
  const inputs = await job.hook("pre.js", { INPUT_AUDIT: "maybe", "INPUT_UPLOAD-LOG": "perhaps" });
  assert.equal(inputs.code, 1);
  assert.equal(inputs.output.match(/^::error title=egress input/gm)?.length, 2, inputs.output);
  for (
    const [env, what] of [
      [{ RUNNER_ENVIRONMENT: "self-hosted" }, /made for GitHub-hosted/],
      [{ GITHUB_ACTION_REPOSITORY: "" }, /uses: \.\//],
    ] as const
  ) {
    const refused = await job.hook("pre.js", { INPUT_POLICY: "site.test", ...env });
    assert.equal(refused.code, 1);
    assert.match(refused.output, what);
  }
  assert.equal((await job.hook("main.js")).code, 1);
  const post = await job.hook("post.js");
  assert.equal(post.code, 0);
  assert.match(post.output, /was not started/);
  assert.equal(await s.state(), before);
});

test("an audit with a policy of the commit blocks nothing and tells all", async (s) => {
  await using job = await Job.start(s);
  await job.commit("net.policy", "site.test\n");
  const inputs = {
    "INPUT_POLICY-FILE": "net.policy",
    INPUT_AUDIT: "true",
    "INPUT_FAIL-ON-BLOCK": "true",
  };
  const pre = await job.hook("pre.js", inputs);
  assert.equal(pre.code, 0, pre.output);
  assert.match(pre.output, /guards this machine: audit/);
  const fetched = await job.step(
    "fetch",
    "curl -sS -m 5 -o /dev/null -w '%{http_code}' https://registry.test/a%60b",
  );
  assert.equal(fetched.output, "404");
  const main = await job.hook("main.js", inputs);
  assert.ok(Number(values(main.files.output)["blocked"]) > 0, main.output);
  const post = await job.hook("post.js", { ...inputs, ...stateOf(pre) });
  assert.equal(post.code, 1, post.output);
  assert.match(
    post.output,
    /^::error title=egress%3A fail-on-block::\d+ would have been blocked$/m,
  );
  assert.match(post.files.summary, /^## egress: the policy would block something/);
  assert.equal((await job.artifacts()).length, 1);
});

test("attack: a step with sudo kills the guard: closed until the post hook has it put in order", async (s) => {
  await using job = await Job.start(s);
  const before = await s.state();
  const inputs = { INPUT_POLICY: "site.test\n", "INPUT_ALLOW-SUDO": "true" };
  const pre = await job.hook("pre.js", inputs);
  assert.equal(pre.code, 0, pre.output);
  const killed = await job.step(
    "__run",
    "sudo -n fuser -k -KILL /run/egress/*/lock; curl -sS -m 2 https://site.test/ || echo closed",
  );
  assert.match(killed.output, /closed$/);
  const post = await job.hook("post.js", { ...inputs, ...stateOf(pre) });
  assert.match(post.output, /ending it as root/);
  assert.match(post.files.summary, /^## egress: the guard did not live to the end/);
  assert.equal(post.code, 0, post.output);
  assert.equal(await s.state(), before);
});
