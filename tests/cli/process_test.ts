/** The tools as processes, with the permissions that they are said to need and no more. */
import assert from "node:assert/strict";
import { Files } from "../../src/cli/test_io.ts";

const root = new URL("../..", import.meta.url).pathname;

async function egress(permissions: string[], args: string[], stdin = "") {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", "--no-check", ...permissions, `${root}cli.ts`, ...args],
    cwd: root,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

Deno.test("validate needs read permission only, for workflows too", async () => {
  using files = new Files();
  const policy = "jobs: {a: {steps: [{uses: o/egress@v1, with: {policy: 'nope'}}]}}\n";
  const file = files.write("w.yml", policy);
  const { code, out, err } = await egress([`--allow-read=${files.path}`], ["validate", file]);
  assert.equal(code, 1, err);
  assert.match(out, /^.*w\.yml:1:56: error\[/);
});

Deno.test("validate reads standard input with no permission at all", async () => {
  const { code, err } = await egress([], ["validate", "-"], "a.example\n");
  assert.equal(code, 0, err);
});

Deno.test("a missing permission is a sentence and status 2", async () => {
  using files = new Files();
  const file = files.write("p", "a.example\n");
  const read = await egress([], ["validate", file]);
  assert.equal(read.code, 2);
  assert.match(read.err, /^egress validate: cannot read .*Deno permissions/);
  const write = await egress([`--allow-read=${files.path}`], ["validate", file, "--sarif", "x"]);
  assert.equal(write.code, 2);
  assert.match(write.err, /cannot write x: .*Deno permissions/);
});

Deno.test("analyze, explain and suggest need read permission only", async () => {
  using files = new Files();
  const event = '{"type":"tcp","host":"a.example","dst_ip":"192.0.2.1","dst_port":443}';
  const log = files.write("log", event + "\n");
  const file = files.write("p", "a.example\n");
  const allow = [`--allow-read=${files.path}`];
  for (
    const args of [
      ["analyze", file, "--log", log],
      ["explain", file, event],
      ["suggest", log],
      ["permissions", log],
    ]
  ) {
    const { code, err } = await egress(allow, args);
    assert.equal(code, 0, `${args[0]}: ${err}`);
  }
});

Deno.test("what suggest prints, analyze takes", async () => {
  using files = new Files();
  const log = files.write(
    "log",
    '{"type":"https","host":"a.example","url":"https://a.example/x","dst_ip":"192.0.2.1","dst_port":443}\n' +
      '{"type":"udp","dst_ip":"192.0.2.9","dst_port":123}\n',
  );
  const allow = [`--allow-read=${files.path}`];
  const { out } = await egress(allow, ["suggest", log]);
  const { code } = await egress(allow, ["analyze", files.write("p", out), "--log", log]);
  assert.equal(code, 0, out);
});

Deno.test("a closed pipe ends output quietly", async () => {
  using files = new Files();
  const rules = Array.from({ length: 20_000 }, (_, i) => `h${i}.example`).join("\n");
  const file = files.write("p", rules);
  const deno = `${Deno.execPath()} run --no-prompt --quiet --no-check --allow-read=${files.path}`;
  const { stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", `${deno} ${root}cli.ts validate ${file} --dump-rules --no-defaults | head -n 2`],
    cwd: root,
  }).output();
  assert.equal(new TextDecoder().decode(stdout).split("\n")[1], "h0.example");
  assert.doesNotMatch(new TextDecoder().decode(stderr), /panic|Uncaught/);
});
