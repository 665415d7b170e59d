/** The workflows of the project keep the rules that it tells others. */
import assert from "node:assert/strict";
import { parse } from "yaml";

interface Step {
  uses?: string;
  run?: string;
}
interface Workflow {
  on: Record<string, unknown>;
  permissions: unknown;
  jobs: Record<string, { permissions?: unknown; "timeout-minutes"?: number; steps: Step[] }>;
}

const folder = new URL("../../.github/workflows/", import.meta.url);
const workflows = [...Deno.readDirSync(folder)].map(({ name }) => ({
  name,
  text: Deno.readTextFileSync(new URL(name, folder)),
}));

for (const { name, text } of workflows) {
  const workflow: Workflow = parse(text);
  const jobs = Object.entries(workflow.jobs);

  Deno.test(`${name}: actions are pinned by commit, with their version beside it`, () => {
    for (const [, used] of text.matchAll(/uses: (.*)$/gm)) {
      assert.match(used!, /^(\.\/|[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)/);
    }
  });

  Deno.test(`${name}: no permission that a job does not name`, () => {
    assert.deepEqual(workflow.permissions, {});
    for (const [job, { permissions }] of jobs) assert.ok(permissions, job);
  });

  Deno.test(`${name}: nothing that strangers choose is run`, () => {
    assert.ok(!("pull_request_target" in workflow.on));
    for (const [job, { steps }] of jobs) {
      for (const { run } of steps) assert.doesNotMatch(run ?? "", /\$\{\{/, job);
    }
  });

  Deno.test(`${name}: every job ends`, () => {
    for (const [job, { "timeout-minutes": limit }] of jobs) assert.ok(limit, job);
  });
}
