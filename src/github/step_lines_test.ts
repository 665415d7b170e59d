import assert from "node:assert/strict";
import fc from "fast-check";
import { stepLines } from "./step_lines.ts";

const WORKFLOW = `on: push
jobs:
  build:
    steps:
      - uses: actions/checkout@v4
      - id: mine
        run: a
      - run: b
      # why
      - name: third
        run: c
      - uses: ./here
      - uses: owner/repo/sub@v1
      - uses: actions/checkout@v4
  other:
    steps: []
`;

Deno.test("step lines: by id, or by the name that the runner makes up", () => {
  assert.deepEqual([...stepLines(WORKFLOW, "build")], [
    ["__actions_checkout", 5],
    ["mine", 6],
    ["__run", 8],
    ["__run_2", 10],
    ["__self", 12],
    ["__owner_repo_sub", 13],
    ["__actions_checkout_2", 14],
  ]);
  assert.equal(stepLines(WORKFLOW, "other").size, 0);
  assert.equal(stepLines(WORKFLOW, "none").size, 0);
});

Deno.test("step lines: what is no workflow has none", () => {
  for (const text of ["", "a: [", "jobs: 3", "jobs: {build: {steps: {a: b}}}", "- x", "jobs: *x"]) {
    assert.equal(stepLines(text, "build").size, 0, text);
  }
});

Deno.test("step lines: no text throws", () => {
  const piece = fc.constantFrom(
    "jobs:",
    "\n",
    "  ",
    "build:",
    "steps:",
    "- ",
    "run: x",
    "*a",
    "&a ",
    "{",
    "[",
    ": ",
  );
  fc.assert(
    fc.property(fc.array(piece), (parts) => void stepLines(parts.join(""), "build")),
    { numRuns: 1000 },
  );
});
