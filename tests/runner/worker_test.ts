/** The runner machine itself: its worker does a job as GitHub's does. Without this, tests on it would show nothing. */

import assert from "node:assert/strict";
import { outcomeOf, runnerSuite } from "./suite.ts";

const test = runnerSuite();

test("a job: hooks, composite actions, files, masks and conditions, as on GitHub", async (s) => {
  await s.action("acme/hooks", {
    "action.yml": `
name: Hooks
inputs: { greeting: { default: "hello \${{ github.repository }}" } }
runs: { using: node24, pre: hook.js, main: hook.js, post: hook.js }
`,
    "hook.js": `
const fs = require("fs");
const { env } = process;
const stage = env.STATE_main ? "post" : env.STATE_pre ? "main" : "pre";
console.log(stage + ": " + env.INPUT_GREETING + " as " + env.GITHUB_ACTION + " of " + env.GITHUB_ACTION_REPOSITORY);
fs.appendFileSync(env.GITHUB_STATE, stage + "=yes\\n");
if (stage === "main") {
  fs.appendFileSync(env.GITHUB_ENV, "LATER<<END\\ntwo\\nlines\\nEND\\n");
  fs.appendFileSync(env.GITHUB_STEP_SUMMARY, "# Summary\\n");
  console.log("::error file=a.yml,line=3::at%3A ghs_jobtoken0123456789");
}
`,
  });
  await s.action("acme/two", {
    "action.yml": `
name: Two
inputs: { word: { required: true } }
outputs: { said: { value: "\${{ steps.one.outputs.said }}" } }
runs:
  using: composite
  steps:
    - id: one
      shell: bash
      run: echo "said=\${{ inputs.word }} by $GITHUB_ACTION \${GITHUB_ACTION_REPOSITORY-nobody}" >> "$GITHUB_OUTPUT"
`,
  });
  const job = await s.job(
    `
jobs:
  test:
    env: { JOB: "yes" }
    steps:
      - run: echo "before $JOB; token \${{ github.token }}; secret \${{ secrets.KEY }}; runtime \${ACTIONS_RUNTIME_TOKEN-none}"
      - uses: actions/checkout@v4
      - uses: acme/hooks@v1
      - id: two
        uses: acme/two@v1
        with: { word: "\${{ env.JOB }}" }
      - run: |
          echo "$LATER"; cat README; id; docker ps -q; sudo id -u
          echo "\${{ steps.two.outputs.said }}"; readlink /proc/$PPID/exe; sed -n 's/^0:://p' /proc/self/cgroup
      - run: exit 3
        continue-on-error: true
      - run: "false"
      - id: skipped
        run: echo never
      - id: cleanup
        if: always()
        run: echo cleaning
`,
    { files: { README: "read me\n" }, secrets: { KEY: "s3cret" } },
  );
  const { text } = job;
  assert.equal(job.conclusion, "failure", text);
  assert.match(text, /before yes; token \*\*\*; secret \*\*\*; runtime none/);
  assert.ok(text.indexOf("pre: hello acme/project") < text.indexOf("before yes"), text);
  assert.match(text, /main: hello acme\/project as __acme_hooks of acme\/hooks/);
  assert.ok(text.indexOf("post: hello") > text.indexOf("cleaning"), text);
  for (
    const line of [/two\n.*lines/, /read me/, /yes by two nobody/, /uid=1001\(runner\)/, /Z 0\n/]
  ) {
    assert.match(text, line);
  }
  assert.match(
    text,
    /cached\/bin\/Runner.Worker\n.*\/system.slice\/hosted-compute-agent.service\n/,
  );
  assert.deepEqual(
    [outcomeOf(job, "skipped"), outcomeOf(job, "cleanup"), outcomeOf(job, "__run_4")],
    ["skipped", "success", "failure"],
  );
  const [annotation] = job.annotations;
  assert.deepEqual(annotation?.properties, { file: "a.yml", line: "3" });
  assert.doesNotMatch(annotation?.text ?? "", /ghs_/);
});
