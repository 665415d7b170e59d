import assert from "node:assert/strict";
import fc from "fast-check";
import { parse, stringify } from "yaml";
import { findPolicies, MAX_WORKFLOW, WorkflowError } from "./workflow.ts";

/** A workflow with one step whose policy is written as `value` (after `policy: `). */
function workflow(value: string): string {
  return [
    "on: push",
    "jobs:",
    "  build:",
    "    steps:",
    "      - uses: octo/egress@v1",
    "        with:",
    `          policy: ${value}`,
    "",
  ].join("\n");
}

/** Every word of the policy is found in the file where `locate` says it is. */
function assertLocated(file: string, words: readonly string[]) {
  const [policy] = findPolicies(file);
  assert.ok(policy);
  const lines = file.split("\n");
  policy.text.split("\n").forEach((line, index) => {
    for (const word of words) {
      const at = line.indexOf(word);
      if (at < 0) continue;
      const { line: row, column } = policy.locate({ line: index + 1, column: at + 1 });
      assert.equal(lines[row - 1]!.slice(column - 1, column - 1 + word.length), word);
    }
  });
  for (const word of words) assert.ok(policy.text.includes(word), word);
}

const INDENT = " ".repeat(12);
const FORMS: Record<string, string> = {
  "literal": `|\n${INDENT}one.example\n\n${INDENT}  two.example three`,
  "literal, stripped, with comment": `|- # why\n${INDENT}one.example\n${INDENT}two.example three`,
  "literal with indentation": `|2+\n${INDENT}  one.example\n${INDENT}two.example three\n\n`,
  "folded": `>\n${INDENT}one.example\n${INDENT}two.example three\n\n${INDENT}  more`,
  "anchored": `&p |\n${INDENT}one.example\n${INDENT}two.example three`,
  "tagged": `!!str |\n${INDENT}one.example\n${INDENT}two.example three`,
  "double quotes": `"one.example\\ntwo.example\\x20three"`,
  "double quotes, folded": `"one.example   \n\n${INDENT}two.example \\\n${INDENT}three"`,
  "double quotes, astral escape": `"\\U0001F600\\t\\"one.example\\n \\u0023two.example\\e three"`,
  "single quotes": `'it''s one.example\n\n${INDENT}two.example three'`,
  "plain": `one.example\n\n${INDENT}two.example\n${INDENT}three`,
  "CRLF": `|\r\n${INDENT}one.example\r\n${INDENT}two.example three\r`,
};

for (const [name, value] of Object.entries(FORMS)) {
  Deno.test(`workflow: positions in a policy that is ${name}`, () => {
    assertLocated(workflow(value), ["one.example", "two.example", "three"]);
  });
}

Deno.test("workflow: positions of any text in any quoting", () => {
  const word = fc.constantFrom(
    "@.example",
    "'",
    '"',
    "\\",
    "#",
    ": ",
    "x*",
    "😀",
    "\u0085",
    "é",
    "-",
  );
  const text = fc.array(fc.array(word, { maxLength: 5 }).map((w) => w.join(" ")), { maxLength: 6 });
  const style = fc.constantFrom("QUOTE_DOUBLE", "QUOTE_SINGLE", "BLOCK_LITERAL", "BLOCK_FOLDED");
  fc.assert(
    fc.property(text, style, fc.constantFrom(20, 80), (lines, defaultStringType, lineWidth) => {
      const step = { uses: "o/egress@v1", with: { policy: lines.join("\n") } };
      const file = stringify({ jobs: { a: { steps: [step] } } }, {
        defaultStringType: defaultStringType as "PLAIN",
        defaultKeyType: "PLAIN",
        lineWidth,
      });
      const [policy] = findPolicies(file);
      assert.equal(policy!.text, parse(file).jobs.a.steps[0].with.policy);
      // The nth @ of the policy is the nth @ of the file, after the one in `uses`.
      const marks = [...file.matchAll(/@/g)].slice(1).map((match) => match.index);
      const starts = [0, ...[...file.matchAll(/\n/g)].map((match) => match.index + 1)];
      policy!.text.split("\n").forEach((line, index) => {
        for (const { index: at } of line.matchAll(/@/g)) {
          const { line: row, column } = policy!.locate({ line: index + 1, column: at + 1 });
          assert.equal(starts[row - 1]! + column - 1, marks.shift(), file);
        }
      });
    }),
    { numRuns: 500, seed: 4 },
  );
});

Deno.test("workflow: every job and composite step counts, other actions do not", () => {
  const file = `
jobs:
  a: {steps: [{uses: o/egress@v1, with: {policy: a.example}}, {uses: o/egress@v1}]}
  b:
    steps:
      - {uses: o/egress/sub/path@abc, name: Net, with: {policy: "b.example"}}
      - {uses: o/other@v1, with: {policy: no.example}}
      - {uses: ./egress, with: {policy: no.example}}
      - run: echo
runs:
  steps: [{uses: O/Egress@v1, with: {policy: }}, {uses: o/egress@v2, with: {policy: c.example}}]
`;
  const found = findPolicies(file);
  assert.deepEqual(found.map((p) => p.text), ["a.example", "b.example", "", "c.example"]);
  assert.equal(found[1]!.step, "Net");
});

Deno.test("workflow: a policy behind an alias is found once, at its anchor", () => {
  const file = workflow(`&p |\n${INDENT}one.example`) +
    "      - uses: octo/egress@v1\n        with: {policy: *p}\n";
  const found = findPolicies(file);
  assert.equal(found.length, 1);
  assert.deepEqual(found[0]!.locate({ line: 1, column: 1 }), { line: 8, column: 13 });
});

const BROKEN: Record<string, [text: string, message: RegExp]> = {
  "open quote": [workflow('"one'), /quote/i],
  "tabs": ["a:\n\t- b", /tab/i],
  "cyclic alias": ["a: &a [*a]", /stands inside/],
  "unknown alias": ["a: *b", /anchor/i],
  "policy is a list": [workflow("[a]"), /must be text/],
  "policy twice": [workflow("a\n          policy: b"), /twice/],
  "binary": ["\u0000\u0001PNG: [", /./],
  "too large": ["#".repeat(MAX_WORKFLOW + 1), /characters/],
  "nested beyond reason": ["[".repeat(100_000), /./],
  "many errors": ["&a ".repeat(100_000), /./],
};

for (const [name, [text, message]] of Object.entries(BROKEN)) {
  Deno.test(`workflow: ${name} is a clear error`, () => {
    assert.throws(() => findPolicies(text), (error) => {
      assert.ok(error instanceof WorkflowError);
      assert.match(error.message, message);
      assert.ok(error.place.line >= 1 && error.place.column >= 1);
      return true;
    });
  });
}

Deno.test("workflow: a file of nothing but keys has no policies", () => {
  assert.deepEqual(findPolicies("a:\n".repeat(50_000)), []);
});
