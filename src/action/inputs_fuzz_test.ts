import assert from "node:assert/strict";
import fc from "fast-check";
import { formatAnnotation } from "./commands.ts";
import { INPUT_DEFAULTS, parseInputs } from "./inputs.ts";
import { startArguments } from "./start_arguments.ts";

const NAMES = Object.keys(INPUT_DEFAULTS).map((name) => `INPUT_${name.toUpperCase()}`);
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "true",
    "false",
    "auto",
    "strict",
    "deny",
    "allow",
    "guard",
    "",
    "\n",
    "::error::",
  ),
);
const env = fc.dictionary(fc.constantFrom(...NAMES), text, { maxKeys: NAMES.length });

Deno.test("inputs: whatever is given, either all of it is valid or every mistake is one annotation", () => {
  fc.assert(
    fc.property(env, (env) => {
      const parsed = parseInputs(env);
      if ("inputs" in parsed) {
        const args = startArguments(parsed.inputs, "o/r");
        assert.ok(args.every((arg) => !arg.includes("\0")));
        return;
      }
      const inputs = parsed.problems.map((problem) => problem.input);
      assert.ok(inputs.length > 0 && new Set(inputs).size === inputs.length);
      for (const { message } of parsed.problems) {
        const line = formatAnnotation({ level: "error", message });
        assert.match(line, /^::error::[^\r\n]*$/);
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("inputs: no line of `containers` becomes another option of egress start", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" })), (lines) => {
      const containers = lines.map((line) => `allow: x${line}`).join("\n");
      const parsed = parseInputs({ INPUT_POLICY: "x", INPUT_CONTAINERS: containers });
      if ("problems" in parsed) return;
      const args = startArguments(parsed.inputs, "o/r").slice(3);
      for (let i = 0; i < args.length; i += 2) {
        assert.equal(args[i], "--container-allow");
        assert.match(args[i + 1]!, /^allow:/);
      }
    }),
    { numRuns: 500 },
  );
});
