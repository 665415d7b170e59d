/** The log proves itself: what `egress run` writes is a chain, and its ends are there or missing as they should. */

import assert from "node:assert/strict";
import { outcomeOf } from "../../src/cli/test_io.ts";
import { main as verifyLog } from "../../src/cli/verify_log.ts";
import { tool } from "../../src/demo/command.ts";
import { lineHash } from "../../src/protocol/chain.ts";
import { rolesOf } from "../support/leftovers.ts";
import { one, some } from "../support/log.ts";
import { suite } from "../support/suite.ts";
import { EGRESS } from "../support/run.ts";
import { introduced, who } from "../support/who.ts";

const test = suite();
const policy = "site.test";

/** What `egress verify-log --json` says of one log. */
async function verify(log: string, ...args: string[]) {
  const { out, err } = await outcomeOf(verifyLog, ["--json", ...args, log]);
  assert.equal(err, "");
  const { ok, files: [report] } = JSON.parse(out);
  const breaks: string[] = report.breaks.map((b: { line: number; kind: string }) =>
    `${b.line} ${b.kind}`
  );
  return { ok, breaks, runs: report.runs };
}

test("log chain: runs one after the other make one chain, with what ran and what it came to", async (scene) => {
  const log = `${scene.folder}/log`;
  const script =
    "curl -sS https://site.test/; dig +tries=1 evil.test >/dev/null; ping -c 1 -W 1 203.0.113.66";
  await scene.run({ policy, log, command: ["sh", "-c", script] });
  const run = await scene.run({ args: ["--audit"], log, command: ["true"] });
  const { ok, runs } = await verify(log);
  assert.ok(ok);
  assert.deepEqual(runs.map((r: { mode: string }) => r.mode), ["enforce", "audit"]);
  assert.equal(runs[0].policy_sha256, lineHash(policy));
  const first = run.log.slice(0, runs[0].stop_line);
  const count = (wanted: string) =>
    first.filter(({ policy, type }) => policy === wanted && type !== "dns_response")
      .reduce((sum, event) => sum + (event.count ?? 1), 0);
  assert.deepEqual([runs[0].allowed, runs[0].denied], [count("allow"), count("deny")]);
  assert.ok(runs[0].denied > 0 && runs[0].allowed > 0);
});

test("log chain: runs at the same time in one log", async (scene) => {
  const log = `${scene.folder}/log`;
  const script = "for i in 1 2 3 4 5 6; do dig +tries=1 site.test >/dev/null; done";
  const command = ["sh", "-c", script];
  await Promise.all([1, 2].map(() => scene.run({ policy, log, command })));
  const { breaks, runs } = await verify(log);
  assert.deepEqual(breaks, []);
  assert.equal(runs.length, 2);
});

test("log chain: a role that crashed shows, and the chain holds", async (scene) => {
  const fifo = `${scene.folder}/go`;
  const log = `${scene.folder}/log`;
  const script = `mkfifo ${fifo}; echo waiting; read -r _ <${fifo}; ` +
    "until curl -sS -m 5 https://site.test/; do :; done";
  const running = await scene.start({ policy, log, command: introduced(["sh", "-c", script]) });
  const { run: id } = who(await running.said(/waiting\n/));
  for (const pid of (await rolesOf(id)).get("proxy") ?? []) Deno.kill(pid, "SIGKILL");
  await Deno.writeTextFile(fifo, "\n");
  const run = await running.finished;
  const { breaks, runs } = await verify(log);
  assert.deepEqual(breaks, []);
  assert.equal(runs[0].gaps[0].error, "proxy_ended");
  assert.ok((one(run.log, { type: "stop" }).errors ?? 0) >= 1);
});

test("log chain: a run that was killed has no stop line, and the next one goes on behind it", async (scene) => {
  const log = `${scene.folder}/log`;
  // It outlives egress, and must not hold its output open then.
  const script = "dig +tries=1 site.test >/dev/null; echo waiting; exec sleep 1000 >/dev/null 2>&1";
  const running = await scene.start({ policy, log, command: ["sh", "-c", script] });
  await running.said(/waiting\n/);
  running.kill("SIGKILL");
  const killed = await running.finished;
  await scene.run({ policy, log, command: ["true"] });
  assert.deepEqual((await verify(log)).breaks, [`${killed.log.length} no_stop`]);
});

test("log chain: a line torn by a full disk breaks nothing that follows", async (scene) => {
  const mount = `${scene.folder}/tiny`;
  await Deno.mkdir(mount);
  await tool(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", mount]);
  try {
    const log = `${mount}/log`;
    const script =
      "for i in 1 2 3 4 5 6 7 8; do dig +tries=1 +timeout=1 $i.evil.test >/dev/null; done";
    const full = await scene.run({ policy, log, command: ["sh", "-c", script] });
    assert.equal(full.status, 125, full.stderr);
    assert.ok(!(await Deno.readTextFile(log)).endsWith("\n"), "the last line is torn");
    await tool(["mount", "-o", "remount,size=1m", mount]);
    const next = [EGRESS, "run", "--policy-text", policy, "--log", log, "--", "true"];
    await tool(scene.internet.command(next));
    const lines = full.log.length;
    const { breaks, runs } = await verify(log);
    assert.deepEqual(breaks, [`${lines} no_stop`, `${lines + 1} torn`]);
    assert.equal(runs[1].start_line, lines + 2);
  } finally {
    await tool(["umount", mount]);
  }
});

test("log chain: --log-key signs the end, and COMMAND cannot have the key", async (scene) => {
  const [log, key, pub] = ["log", "key", "key.pub"].map((name) => `${scene.folder}/${name}`);
  await tool(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key!]);
  await tool(["openssl", "pkey", "-in", key!, "-pubout", "-out", pub!]);
  const args = ["--log-key", key!, "--user", "nobody"];
  const run = await scene.run({ policy, log: log!, args, command: ["cat", key!] });
  assert.equal(run.stdout, "", "COMMAND has read the key");
  assert.match(run.stderr, /Permission denied/);
  const { ok, runs } = await verify(log!, "--key", pub!);
  assert.ok(ok);
  assert.equal(runs[0].signature, "valid");
  // By hand, as docs/log.md says.
  const stop = (await Deno.readTextFile(log!)).trimEnd().split("\n").at(-1)!;
  const [, rest, sig] = /^(.*),"sig":"(.*)"\}$/.exec(stop) ?? [];
  await Deno.writeTextFile(`${scene.folder}/signed`, `${rest}}`);
  await tool(["sh", "-c", 'base64 -d >"$1"', "sh", `${scene.folder}/sig`], { input: sig! });
  await tool([
    ...["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", pub!, "-rawin"],
    ...["-in", `${scene.folder}/signed`, "-sigfile", `${scene.folder}/sig`],
  ]);
});

test("log chain: a key in a FIFO is gone when even root asks for it", async (scene) => {
  const [log, key, fifo] = ["log", "key", "fifo"].map((name) => `${scene.folder}/${name}`);
  await tool(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key!]);
  await tool(["mkfifo", "-m", "600", fifo!]);
  const fed = tool(["sh", "-c", 'cat "$1" >"$2" && rm "$1"', "sh", key!, fifo!]);
  const command = ["sh", "-c", `timeout 1 cat ${fifo}; ls ${key}`];
  const run = await scene.run({ policy, log: log!, args: ["--log-key", fifo!], command });
  await fed;
  assert.equal(run.stdout, "", run.stderr);
  assert.ok(some(run.log, { type: "stop" }).sig);
});

test("log chain: a key that others may read, or that is none, is refused before anything starts", async (scene) => {
  const key = `${scene.folder}/key`;
  const log = `${scene.folder}/log`;
  const attempt = () =>
    scene.run({ policy, log, args: ["--log-key", key], command: ["echo", "started"] });
  for (
    const [prepare, said] of [
      [["openssl", "genpkey", "-algorithm", "rsa", "-out", key], /no Ed25519 key/],
      [["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], undefined],
      [["chmod", "644", key], /others than root may read it/],
      [["sh", "-c", 'echo no >"$0"; chmod 600 "$0"', key], /no private key/],
      [["rm", key], /no such file/],
    ] as const
  ) {
    await tool([...prepare]);
    const run = await attempt();
    if (said === undefined) assert.equal(run.stdout, "started\n", run.stderr);
    else {
      assert.equal(run.status, 125, run.stderr);
      assert.match(run.stderr, said);
      assert.equal(run.stdout, "");
    }
  }
});
