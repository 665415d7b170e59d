import assert from "node:assert/strict";
import { JobTokens } from "../github/tokens.ts";
import { EgressError } from "../supervisor/errors.ts";
import { jobTokens, refuseBlindSpots } from "./run_tokens.ts";

const JOB = "ghs_0123456789abcdef";
const ALLOW = { foreignTokens: "allow" } as const;
const quiet = () => {};

Deno.test("tokens come from the caller's environment", async () => {
  const env = {
    GITHUB_TOKEN: JOB,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: "oidc-token",
    ACTIONS_ID_TOKEN_REQUEST_URL: "https://Pipelines.actions.example/x?y=1",
    GH_TOKEN: "somebody-s-own",
  };
  const { tokens } = await jobTokens(ALLOW, env, "a.example", quiet);
  assert.ok(tokens);
  const own = new JobTokens(tokens);
  assert.equal(own.ownerOf([JOB, "oidc-token"]), "job");
  assert.equal(own.ownerOf(["somebody-s-own"]), "foreign");
  assert.deepEqual([tokens.oidcHost, tokens.denyForeign, tokens.everywhere], [
    "pipelines.actions.example",
    false,
    false,
  ]);
  const { tokens: wide } = await jobTokens(ALLOW, env, "a.example token=job", quiet);
  assert.equal(wide?.everywhere, true);
});

Deno.test("a file takes the environment's place", async () => {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, `${JOB}\n\n oidc-token \n`);
    const args = { githubTokenFile: file, foreignTokens: "deny" } as const;
    const own = new JobTokens(
      (await jobTokens(args, { GITHUB_TOKEN: "another-one" }, "", quiet)).tokens!,
    );
    assert.deepEqual([own.ownerOf([JOB, "oidc-token"]), own.ownerOf(["another-one"])], [
      "job",
      "foreign",
    ]);
    for (
      const [text, message] of [["\n", /holds no token/], [`${JOB}\nx y\n`, /line 2/]] as const
    ) {
      await Deno.writeTextFile(file, text);
      await assert.rejects(jobTokens(args, {}, "", quiet), (error) => {
        return error instanceof EgressError && message.test(error.message) &&
          !error.message.includes("x y");
      });
    }
  } finally {
    await Deno.remove(file);
  }
  const absent = { ...ALLOW, githubTokenFile: `${file}-absent` };
  await assert.rejects(jobTokens(absent, {}, "", quiet), EgressError);
});

Deno.test("without a token: nothing to do, or a word about it", async () => {
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  assert.deepEqual(await jobTokens(ALLOW, {}, "a.example", say), { secrets: [] });
  assert.deepEqual(said, []);
  assert.deepEqual((await jobTokens(ALLOW, {}, "a.example token=job", say)).tokens?.digests, []);
  assert.match(said.join(), /every credential counts as foreign/);
  assert.deepEqual((await jobTokens(ALLOW, { GITHUB_TOKEN: "x" }, "", say)).secrets, []);
  assert.match(said.join(), /GITHUB_TOKEN holds no token/);
});

Deno.test("--foreign-tokens deny takes no rule that hides GitHub's tokens", () => {
  for (
    const rule of [
      "github.com",
      "*.github.com",
      "api.github.com",
      "*.com",
      "raw*.githubusercontent.com",
    ]
  ) {
    assert.throws(
      () => refuseBlindSpots(`${rule} passthrough`, undefined, false, quiet),
      EgressError,
      rule,
    );
    refuseBlindSpots(rule, undefined, false, quiet);
  }
  refuseBlindSpots("git.example passthrough\n*.github.io passthrough", undefined, false, quiet);
  const said: string[] = [];
  refuseBlindSpots("github.com passthrough", undefined, true, (line) => void said.push(line));
  assert.match(said.join(), /line 1 .*undecrypted/);
});
