import assert from "node:assert/strict";
import fc from "fast-check";
import { permissionsFor } from "./permissions.ts";

const API = "https://api.github.com";
const R = `${API}/repos/octo/cat`;

/** method, URL, what it needs as `scope:access`, `none` or `unknown` */
const CASES: readonly [method: string, url: string, need: string][] = [
  ["GET", `${R}/environments/prod`, "deployments:read"],
  ["GET", `${R}/contents/README.md?ref=main`, "contents:read"],
  ["PUT", `${R}/contents/README.md`, "contents:write"],
  ["POST", `${R}/git/refs`, "contents:write"],
  ["POST", `https://uploads.github.com/repos/octo/cat/releases/1/assets?name=x`, "contents:write"],
  ["GET", `${R}/commits/main`, "contents:read"],
  ["GET", `${R}/commits/main/status`, "statuses:read"],
  ["GET", `${R}/commits/main/check-runs`, "checks:read"],
  ["GET", `${R}/commits/main/pulls`, "pull-requests:read"],
  ["GET", `${R}/branches/main`, "contents:read"],
  ["GET", `${R}/branches/main/protection`, "unknown"],
  ["PATCH", `${R}/check-runs/1`, "checks:write"],
  ["POST", `${R}/statuses/abc`, "statuses:write"],
  ["POST", `${R}/issues/1/comments`, "issues:write"],
  ["GET", `${R}/labels`, "issues:read"],
  ["GET", `${R}/pulls/1/files`, "pull-requests:read"],
  ["PUT", `${R}/pulls/1/merge`, "contents:write"],
  ["POST", `${R}/pulls/1/reviews`, "pull-requests:write"],
  ["POST", `${R}/actions/workflows/x.yml/dispatches`, "actions:write"],
  ["GET", `${R}/actions/runs/1/artifacts`, "actions:read"],
  ["POST", `${R}/actions/runs/1/pending_deployments`, "deployments:write"],
  ["GET", `${R}/actions/secrets`, "unknown"],
  ["POST", `${R}/deployments`, "deployments:write"],
  ["POST", `${R}/pages/deployments`, "pages:write"],
  ["POST", `${R}/code-scanning/sarifs`, "security-events:write"],
  ["POST", `${R}/attestations`, "attestations:write"],
  ["GET", `${R}/projects`, "repository-projects:read"],
  ["GET", R, "none"],
  ["PATCH", R, "unknown"],
  ["GET", `${R}/topics`, "none"],
  ["PUT", `${R}/topics`, "unknown"],
  ["GET", `${API}/repositories/42/issues`, "issues:read"],
  ["DELETE", `${API}/orgs/octo/packages/container/x/versions/1`, "packages:write"],
  ["GET", `${API}/rate_limit`, "none"],
  ["GET", `${API}/users/octo`, "none"],
  ["GET", `${API}/user`, "unknown"],
  ["POST", `${API}/graphql`, "unknown"],
  ["GET", "https://ghes.example/api/v3/repos/o/r/issues", "issues:read"],
  ["GET", "https://github.com/octo/cat.git/info/refs?service=git-upload-pack", "contents:read"],
  ["GET", "https://github.com/octo/cat/info/refs?service=git-receive-pack", "contents:write"],
  ["GET", "https://github.com/octo/cat/info/refs", "contents:read"],
  ["POST", "https://github.com/octo/cat.git/git-upload-pack", "contents:read"],
  ["POST", "https://github.com/octo/cat.git/git-receive-pack", "contents:write"],
  ["POST", "https://github.com/octo/cat.git/info/lfs/objects/batch", "contents:read"],
  ["GET", "https://codeload.github.com/octo/cat/tar.gz/main", "contents:read"],
  ["PUT", "https://containers.example/v2/octo/cat/manifests/latest", "packages:write"],
  ["GET", "https://x.actions.githubusercontent.com/a//idtoken/b/c?audience=x", "id-token:write"],
  ["POST", "https://models.github.ai/inference/chat/completions", "models:read"],
  ["GET", "https://elsewhere.example/repos/octo/cat/issues", "none"],
  ["GET", "not a url", "none"],
];

for (const [method, url, need] of CASES) {
  Deno.test(`permissions: ${method} ${url} needs ${need}`, () => {
    const { permissions, unknown } = permissionsFor([{ method, url, token: true }]);
    const [scope, access] = need.split(":");
    assert.deepEqual(permissions, access ? { [scope!]: access } : {});
    assert.equal(unknown.length, need === "unknown" ? 1 : 0);
  });
}

Deno.test("permissions: the higher access wins, in any order; requests without token need none", () => {
  const read = { method: "get", url: `${R}/issues`, token: true };
  const write = { method: "post", url: `${R}/issues`, token: true };
  const bare = { method: "POST", url: `${R}/pulls`, token: false };
  for (const order of [[read, write, bare], [write, read, bare]]) {
    assert.deepEqual(permissionsFor(order).permissions, { issues: "write" });
  }
});

Deno.test("permissions: unknown requests are sorted and listed once, without their query", () => {
  const urls = ["/user", "/graphql?x=1", "/user?y=2"];
  const { unknown } = permissionsFor(
    urls.map((path) => ({ method: "GET", url: API + path, token: true })),
  );
  assert.deepEqual(unknown, [["GET", "/graphql"], ["GET", "/user"]]);
});

Deno.test("permissions: any text gives an answer", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (method, text) => {
      permissionsFor([
        { method, url: text, token: true },
        { method, url: `${API}/repos/${text}`, token: true },
      ]);
    }),
    { numRuns: 1000, seed: 3 },
  );
});
