import assert from "node:assert/strict";
import { parseStartArgs, UsageError } from "./start_args.ts";

Deno.test("own options and those of run are told apart", () => {
  const args = parseStartArgs([
    ...["--allow-sudo", "--policy", "p", "--github-env=/tmp/e=1", "--audit", "--json"],
  ]);
  assert.equal(args.allowSudo, true);
  assert.equal(args.json, true);
  assert.equal(args.githubEnv, "/tmp/e=1");
  assert.equal(args.run.policyFile, "p");
  assert.equal(args.run.audit, true);
  assert.equal(parseStartArgs(["--audit", "--github-env", "f"]).githubEnv, "f");
});

Deno.test("what makes no sense is refused in a sentence", () => {
  for (
    const [args, message] of [
      [[], /no policy/],
      [["--audit", "--user", "x"], /option of egress run/],
      [["--audit", "--", "true"], /takes no command/],
      [["--audit", "--github-env"], /needs a file/],
      [["--audit", "--what"], /unknown option --what/],
      [["--policy", "a", "--policy-text", "b"], /exclude each other/],
    ] as [string[], RegExp][]
  ) {
    assert.throws(() => parseStartArgs(args), (error: Error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    });
  }
});
