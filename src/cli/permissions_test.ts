import assert from "node:assert/strict";
import { main } from "./permissions.ts";
import { main as suggest } from "./suggest.ts";
import { Files, outcomeOf } from "./test_io.ts";

const REPO = "https://api.github.com/repos/octo/cat";
const LOG = [
  { type: "https", url: `${REPO}/issues`, method: "POST", github_token: true },
  { type: "https", url: `${REPO}/issues`, method: "GET", github_token: true },
  { type: "https", url: `${REPO}/pulls`, method: "POST" },
  { type: "https", url: "https://api.github.com/graphql", method: "POST", github_token: true },
  { type: "https", url: "https://x.actions.githubusercontent.com/a/idtoken/b", method: "GET" },
].map((line) => JSON.stringify(line) + "\n").join("");

Deno.test("permissions: a block to paste, unknown requests as comments", async () => {
  using files = new Files();
  const { status, out } = await outcomeOf(main, [files.write("log", LOG)]);
  assert.equal(status, 0);
  assert.equal(
    out,
    "permissions:\n  id-token: write\n  issues: write\n# not known: POST /graphql\n",
  );
});

Deno.test("permissions: --json as in the conformance protocol; nothing needed is an empty block", async () => {
  using files = new Files();
  const { out } = await outcomeOf(main, [files.write("log", LOG), "--json"]);
  assert.deepEqual(JSON.parse(out), {
    permissions: { "id-token": "write", issues: "write" },
    unknown: [["POST", "/graphql"]],
  });
  const none = await outcomeOf(main, [files.write("none", '{"type":"start"}\n')]);
  assert.equal(none.out, "permissions: {}\n");
  assert.equal((await outcomeOf(main, [])).status, 2);
});

Deno.test("suggest: the command prints a title, rules and what was left out", async () => {
  using files = new Files();
  const line = { ts: "2026-01-01T00:00:00Z", type: "https", dst_ip: "192.0.2.1", dst_port: 443 };
  const url = "https://a.example/octo/cat";
  const log = files.write("log", JSON.stringify({ ...line, url, exe: "/bin/x" }) + "\n");
  const args = [log, "--scope", "exe", "--repo", "octo/cat"];
  const { status, out } = await outcomeOf(suggest, args);
  assert.equal(status, 0);
  assert.equal(
    out,
    `# 1 rules from ${log} (1 lines)\n\n# a.example: 1 event, by /bin/x\n` +
      "GET https://a.example/{owner}/{repo} exe=/bin/x\n",
  );
  const rare = await outcomeOf(suggest, [log, "--min-runs", "2"]);
  assert.match(rare.err, /1 destinations were left out/);
  const json = JSON.parse((await outcomeOf(suggest, [...args, "--json"])).out);
  assert.equal(json.rules, 1);
});

Deno.test("suggest: odd values of options are named", async () => {
  for (const args of [["x", "--scope", "all"], ["x", "--min-runs", "0"], []]) {
    assert.equal((await outcomeOf(suggest, args)).status, 2);
  }
});
