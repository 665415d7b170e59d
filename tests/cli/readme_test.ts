/** The README says only what is so. */
import assert from "node:assert/strict";
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
