import assert from "node:assert/strict";
import { digestTokens, isGithubHost, isToken, JobTokens } from "./tokens.ts";

const JOB = "ghs_0123456789abcdef";
const OIDC = "eyJhbGciOiJSUzI1NiJ9.x.y";

Deno.test("the job's tokens are known again from their digests, and no other is", () => {
  const kept = digestTokens([JOB, OIDC]);
  const own = new JobTokens(JSON.parse(JSON.stringify(kept)));
  assert.equal(own.ownerOf([JOB]), "job");
  assert.equal(own.ownerOf([OIDC]), "job");
  assert.equal(own.ownerOf([JOB, OIDC]), "job");
  assert.equal(own.ownerOf([]), "none");
  for (const other of ["", JOB.slice(1), JOB + "0", JOB.toUpperCase(), "ghp_evil", null]) {
    assert.equal(own.ownerOf([other]), "foreign", String(other));
    assert.equal(own.ownerOf([JOB, other]), "foreign", String(other));
  }
});

Deno.test("what is kept holds no token, and differs from run to run", () => {
  const kept = JSON.stringify(digestTokens([JOB]));
  assert.ok(!kept.includes(JOB) && !kept.includes(btoa(JOB)));
  assert.notEqual(kept, JSON.stringify(digestTokens([JOB])));
});

Deno.test("without a token every credential is foreign", () => {
  const own = new JobTokens(digestTokens([]));
  assert.deepEqual([own.ownerOf([JOB]), own.ownerOf([])], ["foreign", "none"]);
});

Deno.test("what can be a token", () => {
  for (const text of [JOB, OIDC, "a:b!c,d#"]) assert.ok(isToken(text), text);
  for (const text of ["", "short", "with blank", "line\nend-", "h\u00e9llo-world"]) {
    assert.ok(!isToken(text), text);
  }
});

Deno.test("GitHub's hosts and what only looks like them", () => {
  const github = ["github.com", "api.github.com", "gist.github.com", "codeload.github.com"];
  for (const host of [...github, "raw.githubusercontent.com", "octo.ghe.com"]) {
    assert.ok(isGithubHost(host), host);
  }
  for (const host of ["notgithub.com", "github.com.evil.example", "github.io", "example.com"]) {
    assert.ok(!isGithubHost(host), host);
  }
});
