import assert from "node:assert/strict";
import { parseRunArgs, RunUsageError } from "./run_args.ts";

const refused = (args: string[], message: RegExp) =>
  assert.throws(
    () => parseRunArgs(args),
    (error: unknown) => error instanceof RunUsageError && message.test(error.message),
  );

Deno.test("options in front of --, the command behind it, untouched", () => {
  const args = parseRunArgs([
    "--policy",
    "p.txt",
    "--upstream-ca",
    "a",
    "--upstream-ca=b",
    "--no-defaults",
    "--",
    "sh",
    "--audit",
    "--",
  ]);
  assert.deepEqual(args, {
    help: false,
    policyFile: "p.txt",
    audit: false,
    upstreamCas: ["a", "b"],
    defaults: false,
    failOnBlock: false,
    jsonStatus: false,
    logQueries: false,
    foreignTokens: "allow",
    command: ["sh", "--audit", "--"],
  });
});

Deno.test("what is wrong with a command line is said", () => {
  refused(
    ["--policy", "p", "--polcy-text", "x", "--", "true"],
    /unknown option --polcy-text: did you mean --policy-text/,
  );
  refused(["--policy", "p", "curl"], /put `--` in front/);
  refused(["--policy", "p"], /put `--` in front/);
  refused(["--policy", "p", "--"], /no command/);
  refused(["--", "true"], /no policy/);
  refused(["--policy", "p", "--policy-text", "x", "--", "true"], /exclude each other/);
  refused(["--policy", "p", "--policy", "q", "--", "true"], /given twice/);
  refused(["--audit=yes", "--", "true"], /--audit/);
  refused(["--audit", "--foreign-tokens", "no", "--", "true"], /--foreign-tokens is allow or deny/);
  refused(
    ["--policy", "-", "--github-token-file", "-", "--", "true"],
    /cannot both be standard input/,
  );
});

Deno.test("--package-security has its value behind = or none", () => {
  const of = (...args: string[]) => parseRunArgs(["--audit", ...args, "--", "true"]);
  assert.equal(of().packageSecurity, undefined);
  assert.equal(of("--package-security").packageSecurity, "lenient");
  assert.equal(of("--package-security=strict").packageSecurity, "strict");
  assert.equal(of("--package-security", "--user=x").user, "x");
  refused(["--audit", "--package-security=no", "--", "true"], /is lenient or strict/);
  refused(["--audit", "--package-security", "strict", "--", "true"], /put `--` in front/);
});

Deno.test("--audit alone needs no policy", () => {
  assert.equal(parseRunArgs(["--audit", "--", "true"]).audit, true);
});
