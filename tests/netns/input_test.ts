/** What bad input and a bad machine get: a clear sentence, a documented status, nothing half-set. */

import assert from "node:assert/strict";
import { tool } from "../../src/demo/command.ts";
import { events } from "../support/log.ts";
import { EGRESS } from "../support/run.ts";
import { suite } from "../support/suite.ts";

const test = suite();
const policy = "site.test";
/** Leaves a mark if it is ever started. */
const MARK = ["sh", "-c", "echo started"];

test("input: an unknown option is named, with the one that was meant", async (scene) => {
  const run = await scene.run({ policy, args: ["--adit"], command: MARK });
  assert.equal(run.status, 125);
  assert.match(run.stderr, /unknown option --adit: did you mean --audit\?/);
  assert.equal(run.stdout, "", run.stderr);
});

test("input: no policy at all", async (scene) => {
  const run = await scene.run({ command: MARK });
  assert.equal(run.status, 125);
  assert.match(run.stderr, /no policy/);
  assert.equal(run.stdout, "", run.stderr);
});

test("input: a policy file that does not exist is named", async (scene) => {
  const run = await scene.run({ args: ["--policy", "/no/such.policy"], command: MARK });
  assert.equal(run.status, 125);
  assert.match(run.stderr, /\/no\/such\.policy/);
  assert.equal(run.stdout, "", run.stderr);
});

test("input: an invalid policy is told by file, line and column, and nothing starts", async (scene) => {
  const file = `${scene.folder}/p.policy`;
  await Deno.writeTextFile(file, "site.test\n  site.test:99999\n[broken\n");
  const run = await scene.run({ args: ["--policy", file], command: MARK });
  assert.equal(run.status, 125);
  assert.match(run.stderr, new RegExp(`^${file}:2:\\d+: error\\[[^\\]]+\\]: .+`, "m"));
  assert.match(run.stderr, new RegExp(`^${file}:3:\\d+: error\\[[^\\]]+\\]: .+`, "m"));
  assert.equal(run.stdout, "", run.stderr);
});

test("input: in audit an invalid policy is a warning, and the rest of it holds", async (scene) => {
  const run = await scene.run({
    policy: "site.test\n*",
    args: ["--audit"],
    command: ["curl", "-sS", "https://site.test/"],
  });
  assert.equal(run.status, 0, run.stderr);
  assert.match(run.stderr, /:2:\d+: warning\[/);
  assert.equal(events(run.log, { type: "https", policy: "allow" }).length, 1);
});

test("input: a policy from standard input", async (scene) => {
  const run = await scene.run({
    args: ["--policy", "-"],
    stdin: "site.test\n",
    command: ["curl", "-sS", "https://site.test/"],
  });
  assert.equal(run.stdout, "GET / 0\n", run.stderr);
});

test("input: no command, or none after --", async (scene) => {
  const run = await scene.run({ policy, command: [] });
  assert.equal(run.status, 125);
  assert.match(run.stderr, /no command/);
});

test("input: without root it says so", async (scene) => {
  // In a user namespace of its own even root is nobody, while the launcher's cache stays readable.
  const command = ["unshare", "--user", EGRESS, "run", "--policy-text", policy, "--", ...MARK];
  const [file = "", ...args] = scene.internet.command(command);
  const env = { EGRESS_CACHE: "/var/cache/egress" };
  const output = await new Deno.Command(file, { args, env }).output();
  assert.equal(output.code, 125);
  assert.match(new TextDecoder().decode(output.stderr), /root/);
});

test("input: a user that does not exist", async (scene) => {
  const run = await scene.run({ policy, args: ["--user", "nobody-here"], command: MARK });
  assert.equal(run.status, 125);
  assert.match(run.stderr, /nobody-here/);
  assert.equal(run.stdout, "", run.stderr);
});

test("input: an upstream CA that is none", async (scene) => {
  const file = `${scene.folder}/ca.pem`;
  await Deno.writeTextFile(file, "not a certificate");
  const run = await scene.run({ policy, args: ["--upstream-ca", file], command: MARK });
  assert.equal(run.status, 125);
  assert.ok(run.stderr.includes(file), run.stderr);
  assert.equal(run.stdout, "", run.stderr);
});

test("input: a log in a folder that does not exist", async (scene) => {
  const run = await scene.run({ policy, log: `${scene.folder}/no/such/log`, command: MARK });
  assert.equal(run.status, 125);
  assert.match(run.stderr, /no\/such\/log/);
  assert.equal(run.stdout, "", run.stderr);
});

test("input: a log on a read-only file system", async (scene) => {
  const mount = `${scene.folder}/read-only`;
  await Deno.mkdir(mount);
  await tool(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", mount]);
  try {
    const run = await scene.run({ policy, log: `${mount}/log`, command: MARK });
    assert.equal(run.status, 125);
    assert.ok(run.stderr.includes(`${mount}/log`), run.stderr);
    assert.match(run.stderr, /[Rr]ead-only/);
    assert.equal(run.stdout, "", run.stderr);
  } finally {
    await tool(["umount", mount]);
  }
});

test("input: when the disk fills up, traffic is refused rather than unlogged", async (scene) => {
  const mount = `${scene.folder}/tiny`;
  await Deno.mkdir(mount);
  await tool(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", mount]);
  try {
    const script =
      "i=0; while [ $i -lt 60 ] && curl -sS -m 5 https://site.test/$i; do i=$((i+1)); done";
    const run = await scene.run({
      policy,
      log: `${mount}/log`,
      command: ["sh", "-c", script],
    });
    assert.equal(run.status, 125, run.stderr);
    assert.match(run.stderr, /log .*(could not|cannot) be written/);
    const served = (await scene.received()).filter((item) => item.kind === "request").length;
    assert.ok(served > 0, "requests were served while the disk had space");
    assert.ok(served < 60, `all ${served} requests were served, though most could not be logged`);
  } finally {
    await tool(["umount", mount]);
  }
});
