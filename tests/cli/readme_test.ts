/** The README says only what is so. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { parseInputs } from "../../src/action/inputs.ts";
import { validatePolicy } from "../../src/policy/mod.ts";
import { EXIT_EGRESS_FAILED } from "../../src/supervisor/errors.ts";

const root = new URL("../..", import.meta.url).pathname;
const readme = Deno.readTextFileSync(`${root}README.md`);

Deno.test("the README's policies are valid", () => {
  const blocks = [...readme.matchAll(/^```policy\n([^]*?)^```/gm)].map((match) => match[1]!);
  assert.ok(blocks.length > 0);
  for (const block of blocks) {
    const errors = validatePolicy(block, {}).filter((d) => d.severity === "error");
    assert.deepEqual(errors, []);
  }
  for (const [, text] of readme.matchAll(/--policy-text '([^']+)'/g)) {
    assert.deepEqual(validatePolicy(text!, {}).filter((d) => d.severity === "error"), []);
  }
});

Deno.test("files that the README names are there", () => {
  for (const [path] of readme.matchAll(/\b(?:docs|examples|setup)\/[\w.-]+\.\w+/g)) {
    assert.ok(Deno.statSync(`${root}${path}`).isFile, path);
  }
});

Deno.test("the README's test command is what CI runs, and its exit status table is right", () => {
  assert.match(readme, /^sudo setup\/test\.sh /m);
  assert.match(Deno.readTextFileSync(`${root}.ci/run`), /^exec setup\/test\.sh$/m);
  assert.match(readme, new RegExp(`^\\| ${EXIT_EGRESS_FAILED} \\| egress itself failed`, "m"));
});

Deno.test("the README's workflow steps have inputs that the Action takes, and policies that are valid", () => {
  const blocks = [...readme.matchAll(/^```yaml\n([^]*?)^```/gm)].map((match) => match[1]!);
  assert.ok(blocks.length >= 3);
  const steps = blocks.flatMap((block): { uses?: string; with?: Record<string, unknown> }[] =>
    parse(block)
  );
  const guards = steps.filter(({ uses }) => /^OWNER\/egress@/.test(uses ?? ""));
  assert.equal(guards.length, blocks.length);
  for (const { with: given = {} } of guards) {
    const env = Object.entries(given).map(([name, value]) => [
      `INPUT_${name.toUpperCase()}`,
      String(value).trim(),
    ]);
    const parsed = parseInputs(Object.fromEntries(env));
    assert.ok("inputs" in parsed, JSON.stringify(parsed));
    const { policy } = parsed.inputs;
    if (policy.from !== "text") continue;
    const errors = validatePolicy(policy.text, {}).filter((d) => d.severity === "error");
    assert.deepEqual(errors, []);
  }
  for (const { uses } of steps) {
    const [, folder] = /^OWNER\/egress\/([\w-]+)@/.exec(uses ?? "") ?? [];
    if (folder !== undefined) assert.ok(Deno.statSync(`${root}${folder}/action.yml`).isFile);
  }
});
