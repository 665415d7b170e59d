import assert from "node:assert/strict";
import { MAX_WORKFLOW } from "../github/workflow.ts";
import { Files, outcomeOf } from "./test_io.ts";
import { main } from "./validate.ts";

const WORKFLOW = `on: push
jobs:
  a:
    steps:
      - uses: octo/egress@v1
        with:
          policy: |
            github.com
            *.github.*
      - uses: octo/egress/disable-sudo@v1
        with: { policy: "https://a.example/x?q=1" }
`;

Deno.test("validate: a fine policy", async () => {
  using files = new Files();
  const { status, out, err } = await outcomeOf(main, [files.write("p", "github.com\n")]);
  assert.deepEqual([status, out], [0, ""]);
  assert.match(err, /^1 policy: 0 errors/);
});

Deno.test("validate: places of every policy in the workflow itself", async () => {
  using files = new Files();
  const file = files.write("w.yml", WORKFLOW);
  const { status, out } = await outcomeOf(main, [file]);
  assert.equal(status, 1);
  const [first, second, ...rest] = out.trimEnd().split("\n");
  assert.deepEqual(rest, []);
  assert.match(first!, new RegExp(`^${file}:9:13: error\\[[a-z-]+\\]: .*github\\.com`));
  assert.match(second!, new RegExp(`^${file}:11:4[0-9]: error\\[[a-z-]+\\]: .*q=1`));
});

Deno.test("validate: a workflow is one whatever its name", async () => {
  using files = new Files();
  const { out } = await outcomeOf(main, [files.write("workflow", WORKFLOW)]);
  assert.match(out, /workflow:9:13: error/);
});

Deno.test("validate: annotations inside Actions, escaped", async () => {
  using files = new Files();
  const file = files.write("w,1.yml", WORKFLOW);
  const { out } = await outcomeOf(main, [file], { env: { GITHUB_ACTIONS: "true" } });
  const folder = files.path.replaceAll(":", "%3A");
  assert.ok(out.includes(`\n::error file=${folder}/w%2C1.yml,line=9,col=13,title=egress%3A `), out);
});

Deno.test("validate: --strict makes warnings count", async () => {
  using files = new Files();
  const file = files.write("p", "a.example passthrough\nhttps://a.example/x\n");
  assert.equal((await outcomeOf(main, [file])).status, 0);
  const { status, out } = await outcomeOf(main, [file, "--strict"]);
  assert.equal(status, 1);
  assert.match(out, /warning\[passthrough-hides-url\]/);
});

Deno.test("validate: --json is one object", async () => {
  using files = new Files();
  const file = files.write("p", "nope\ngithub.com\n");
  const { status, out } = await outcomeOf(main, [file, "--json", "--dump-rules", "--no-defaults"]);
  const report = JSON.parse(out);
  assert.equal(status, 1);
  assert.equal(report.errors, 1);
  assert.equal(report.diagnostics[0].file, file);
  assert.equal(report.diagnostics[0].line, 1);
  assert.equal(report.policies[0].rules[0].target, "github.com");
});

Deno.test("validate: --dump-rules shows defaults and what headers give", async () => {
  using files = new Files();
  const plain = files.write("p", "[:8443 exe=/bin/x]\na.example\n");
  const bare = await outcomeOf(main, [plain, "--dump-rules", "--no-defaults"]);
  assert.equal(bare.out, `# ${plain}\na.example:8443 exe=/bin/x\n`);
  assert.match((await outcomeOf(main, [plain, "--dump-rules"])).out, /\n127\.0\.0\.53:53\/udp\n/);
  const workflow = files.write("w.yaml", WORKFLOW);
  const runner = await outcomeOf(main, [workflow, "--dump-rules"]);
  assert.match(runner.out, /\ngithub\.com cgroup=\/system\.slice\/hosted-compute-agent\.service\n/);
  const loose = await outcomeOf(main, [workflow, "--dump-rules", "--no-runner-cgroup"]);
  assert.match(loose.out, /\ngithub\.com\n/);
});

Deno.test("validate: placeholders stand for any name, or for --repo", async () => {
  using files = new Files();
  const file = files.write("p", "https://a.example/{owner}/{repo}/x\n");
  assert.equal((await outcomeOf(main, [file])).status, 0);
  const { out } = await outcomeOf(main, [file, "--repo", "o/r", "--dump-rules", "--no-defaults"]);
  assert.match(out, /https:\/\/a\.example\/o\/r\/x/);
  assert.equal((await outcomeOf(main, [file, "--repo", "o"])).status, 2);
});

Deno.test("validate: an expression of Actions is told apart from bad syntax", async () => {
  using files = new Files();
  const policy = "https://a.example/${{ github.repository }}/x";
  const workflow = `jobs: {a: {steps: [{uses: o/egress@v1, with: {policy: "${policy}"}}]}}\n`;
  const { status, out } = await outcomeOf(main, [files.write("w.yml", workflow)]);
  assert.equal(status, 1);
  assert.match(out, /:1:74: error\[expression\]: .*\{owner\} and \{repo\}/);
});

Deno.test("validate: --sarif writes what code scanning takes", async () => {
  using files = new Files();
  const file = files.write("a b", "nope\n");
  const sarif = `${files.path}/out.sarif`;
  assert.equal((await outcomeOf(main, [file, "--sarif", sarif])).status, 1);
  const { version, runs: [run] } = JSON.parse(Deno.readTextFileSync(sarif));
  assert.equal(version, "2.1.0");
  const [{ level, ruleId, locations: [{ physicalLocation }] }] = run.results;
  assert.equal(level, "error");
  assert.equal(run.tool.driver.rules[0].id, ruleId);
  assert.match(physicalLocation.artifactLocation.uri, /\/a%20b$/);
  assert.deepEqual(physicalLocation.region, { startLine: 1, startColumn: 1 });
});

Deno.test("validate: what cannot be used is named, and the rest is still checked", async () => {
  using files = new Files();
  const bad: [string, string | Uint8Array, RegExp][] = [
    ["missing.yml", "", /no such file/],
    ["broken.yml", 'a: "', /broken\.yml:1:\d+: /],
    ["cycle.yml", "a: &a\n  - *a\n", /cycle\.yml:2:5: \*a stands inside &a/],
    ["large.yml", "#".repeat(MAX_WORKFLOW + 1), /characters/],
    ["huge", new Uint8Array(50_000_000).fill(35), /larger than/],
    ["binary", new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0]), /binary/],
    ["latin1", new Uint8Array([0xe9, 0x0a]), /not UTF-8/],
  ];
  const good = files.write("good", "nope\n");
  for (const [name, content, message] of bad) {
    const path = name.startsWith("missing") ? `${files.path}/${name}` : files.write(name, content);
    const { status, out, err } = await outcomeOf(main, [path, good]);
    assert.equal(status, 2, name);
    assert.match(err, message);
    assert.match(out, /good:1:1: error/);
  }
  assert.equal((await outcomeOf(main, [])).status, 2);
});
