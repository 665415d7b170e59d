import assert from "node:assert/strict";
import { parseCommandLine, UsageError } from "./args.ts";

const OPTIONS = {
  strict: { type: "boolean" },
  repo: { type: "string" },
  log: { type: "string", multiple: true },
} as const;

Deno.test("args: typed values and positionals", () => {
  assert.deepEqual(parseCommandLine(["a", "--log", "x", "--log=y", "--strict", "b"], OPTIONS), {
    values: Object.assign(Object.create(null), { log: ["x", "y"], strict: true }),
    positionals: ["a", "b"],
  });
});

Deno.test("args: --help wins over everything that follows", () => {
  assert.equal(parseCommandLine(["a", "--help"], OPTIONS), null);
  assert.equal(parseCommandLine(["-h"], OPTIONS), null);
});

Deno.test("args: an unknown option names the nearest", () => {
  for (
    const [arg, message] of [
      ["--strct", /--strct: did you mean --strict\?/],
      ["--xyzzy", /^unknown option --xyzzy$/],
      ["-q", /unknown option -q/],
      ["--repo", /repo/],
      ["--strict=yes", /strict/],
    ] as const
  ) {
    assert.throws(() => parseCommandLine([arg], OPTIONS), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      assert.ok(!error.message.includes("\n"));
      return true;
    });
  }
});
