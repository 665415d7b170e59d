/** Lookups over UDP and TCP. */

import assert from "node:assert/strict";
import { events, none, one } from "../support/log.ts";
import { suite } from "../support/suite.ts";
import { introduced, who } from "../support/who.ts";

const test = suite();
const NAMESERVER = "198.51.100.53";

test("dns: an allowed lookup over UDP is answered and logged with its answer", async (scene) => {
  const argv = ["dig", "+short", "+tries=1", "site.test"];
  const run = await scene.run({ policy: "dns:site.test", command: introduced(argv) });
  const self = who(run.stdout);
  assert.equal(self.rest, "198.51.100.20\n", run.stderr);
  const event = one(run.log, { type: "dns" });
  assert.equal(event.policy, "allow");
  assert.equal(event.name, "site.test");
  assert.equal(event.dst_ip, NAMESERVER);
  assert.equal(event.dst_port, 53);
  assert.equal(event.exe, "/usr/bin/dig");
  assert.deepEqual(event.cmdline, argv);
  assert.equal(event.pid, self.pid);
  assert.equal(event.cgroup, self.cgroup);
  const answer = one(run.log, { type: "dns_response" });
  assert.equal(answer.name, "site.test");
  assert.deepEqual(answer.answers, ["198.51.100.20"]);
  assert.equal(answer.ttl, 60);
  const asked = (await scene.received()).filter((item) => item.kind === "dns");
  assert.deepEqual(asked.map((q) => [q.transport, q.name, q.type]), [["udp", "site.test", "A"]]);
});

test("dns: an allowed lookup over TCP is answered and logged", async (scene) => {
  const run = await scene.run({
    policy: "dns:site.test",
    command: ["dig", "+tcp", "+short", "site.test"],
  });
  assert.equal(run.stdout, "198.51.100.20\n", run.stderr);
  assert.equal(one(run.log, { type: "dns" }).exe, "/usr/bin/dig");
  const asked = (await scene.received()).filter((item) => item.kind === "dns");
  assert.equal(asked.length, 1);
});

for (const transport of ["udp", "tcp"]) {
  test(`dns: a lookup without a rule over ${transport.toUpperCase()} is REFUSED and never asked`, async (scene) => {
    const argv = ["dig", "+tries=1", ...(transport === "tcp" ? ["+tcp"] : []), "x.evil.test"];
    const run = await scene.run({ policy: "site.test", command: introduced(argv) });
    const self = who(run.stdout);
    assert.match(self.rest, /status: REFUSED/);
    const event = one(run.log, { type: "dns" });
    assert.equal(event.policy, "deny");
    assert.equal(event.reason, "no_rule");
    assert.equal(event.name, "x.evil.test");
    assert.deepEqual(event.cmdline, argv);
    assert.equal(event.pid, self.pid);
    assert.equal(event.hint, "dns:x.evil.test exe=/usr/bin/dig");
    none(run.log, { type: "dns_response" });
    assert.deepEqual(await scene.received(), []);
  });
}

test("dns: every message of a TCP stream is judged", async (scene) => {
  const run = await scene.run({
    policy: "dns:site.test",
    command: ["dig", "+tcp", "+keepopen", "+short", "site.test", "secret.evil.test", "git.test"],
  });
  assert.match(run.stdout, /^198\.51\.100\.20$/m, run.stderr);
  const names = events(run.log, { type: "dns", policy: "deny" }).map((event) => event.name);
  assert.deepEqual(names, ["secret.evil.test", "git.test"]);
  const asked = (await scene.received()).filter((item) => item.kind === "dns");
  assert.deepEqual(asked.map((question) => question.name), ["site.test"]);
});

test("dns: AAAA and HTTPS answers are emptied, CNAMEs are kept", async (scene) => {
  const script = "dig +short AAAA site.test; dig +short HTTPS site.test; dig +short alias.test";
  const run = await scene.run({
    policy: "dns:site.test\ndns:alias.test",
    command: ["sh", "-c", script],
  });
  assert.equal(run.stdout, "site.test.\n198.51.100.20\n", run.stderr);
  assert.deepEqual(one(run.log, { type: "dns_response", name: "alias.test" }).answers, [
    "198.51.100.20",
  ]);
});

test("dns: a resolver that is no nameserver of the machine needs a rule of its own", async (scene) => {
  const run = await scene.run({
    policy: "site.test",
    command: ["dig", "+tries=1", "+timeout=2", "@203.0.113.66", "site.test"],
  });
  assert.doesNotMatch(run.stdout, /ANSWER SECTION/);
  const event = one(run.log, { type: "dns" });
  assert.equal(event.policy, "deny");
  assert.equal(event.dst_ip, "203.0.113.66");
  await scene.attackerGotNothing();
});

test("dns: --no-defaults leaves the nameservers out", async (scene) => {
  const run = await scene.run({
    policy: "site.test",
    args: ["--no-defaults"],
    command: ["dig", "+tries=1", "+timeout=2", "site.test"],
  });
  assert.doesNotMatch(run.stdout, /ANSWER SECTION/);
  assert.equal(one(run.log, { type: "dns" }).policy, "deny");
  assert.deepEqual(await scene.received(), []);
});

test("dns: what is sent to port 53 and is no query goes nowhere", async (scene) => {
  const run = await scene.run({
    policy: "site.test",
    command: ["nc", "-u", "-w", "1", NAMESERVER, "53"],
    stdin: "the secret itself",
  });
  const event = one(run.log, { type: "udp", dst_port: 53 });
  assert.equal(event.policy, "deny");
  assert.equal(event.reason, "malformed");
  assert.deepEqual(await scene.received(), []);
});
