/** HTTPS with real clients: what is allowed arrives, what is not stays, and the log says who tried. */

import assert from "node:assert/strict";
import { events, none, one } from "../support/log.ts";
import { suite } from "../support/suite.ts";
import { introduced, who } from "../support/who.ts";

const test = suite();
const CURL = "/usr/bin/curl";

test("https: an allowed GET by curl arrives and is logged with its exact process", async (scene) => {
  const argv = ["curl", "-sS", "https://site.test/a/b"];
  const run = await scene.run({ policy: "site.test", command: introduced(argv) });
  assert.equal(run.status, 0, run.stderr);
  const self = who(run.stdout);
  assert.equal(self.rest, "GET /a/b 0\n");
  const request = (await scene.received()).find((item) => item.kind === "request");
  assert.equal(request?.url, "https://site.test/a/b");
  assert.equal(request?.method, "GET");
  const event = one(run.log, { type: "https", url: "https://site.test/a/b" });
  assert.equal(event.policy, "allow");
  assert.equal(event.method, "GET");
  assert.equal(event.host, "site.test");
  assert.equal(event.dst_ip, "198.51.100.20");
  assert.equal(event.dst_port, 443);
  assert.equal(event.status, 200);
  assert.equal(event.exe, CURL);
  assert.deepEqual(event.cmdline, argv);
  assert.equal(event.pid, self.pid);
  assert.equal(event.cgroup, self.cgroup);
  assert.equal(event.rule, "site.test");
  assert.equal(event.rule_line, 1);
  assert.equal(event.reason, undefined);
  assert.ok(event.bytes_down !== undefined && event.bytes_down > 0, "bytes_down is counted");
});

test("https: the rule's line counts from the user's own policy", async (scene) => {
  const policy = "# two lines above\nregistry.test\nsite.test exe=/usr/bin/curl";
  const run = await scene.run({ policy, command: ["curl", "-sS", "https://site.test/"] });
  assert.equal(run.status, 0, run.stderr);
  const event = one(run.log, { type: "https", host: "site.test" });
  assert.equal(event.rule_line, 3);
  assert.equal(event.rule, "site.test exe=/usr/bin/curl");
});

test("https: a handshake for a name without a rule is refused before the server sees it", async (scene) => {
  const argv = ["curl", "-sSf", "--resolve", "evil.test:443:203.0.113.66", "https://evil.test/x"];
  const run = await scene.run({ policy: "site.test", command: introduced(argv) });
  assert.notEqual(run.status, 0);
  const event = one(run.log, { type: "https", policy: "deny" });
  assert.equal(event.host, "evil.test");
  assert.equal(event.reason, "no_rule");
  assert.equal(event.dst_ip, "203.0.113.66");
  assert.equal(event.exe, CURL);
  assert.deepEqual(event.cmdline, argv);
  assert.equal(event.pid, who(run.stdout).pid);
  assert.match(event.hint ?? "", /evil\.test/);
  await scene.attackerGotNothing();
});

test("https: a request that no url rule covers is answered 403 with the rule that would allow it", async (scene) => {
  const policy = "GET https://site.test/public/*";
  const script = "curl -sS https://site.test/public/x; " +
    'curl -sS -w "%{http_code}\\n" -d secret https://site.test/public/x';
  const run = await scene.run({ policy, command: ["sh", "-c", script] });
  assert.equal(
    run.stdout,
    "GET /public/x 0\n" +
      "Blocked by egress: POST https://site.test/public/x by /usr/bin/curl. " +
      "To allow: POST https://site.test/public/x exe=/usr/bin/curl\n403\n",
    run.stderr,
  );
  const allowed = one(run.log, { type: "https", policy: "allow" });
  assert.equal(allowed.rule, policy);
  assert.equal(allowed.url, "https://site.test/public/x");
  const denied = one(run.log, { type: "https", policy: "deny" });
  assert.equal(denied.method, "POST");
  assert.equal(denied.url, "https://site.test/public/x");
  assert.equal(denied.reason, "no_rule");
  assert.equal(denied.hint, "POST https://site.test/public/x exe=/usr/bin/curl");
  const requests = (await scene.received()).filter((item) => item.kind === "request");
  assert.deepEqual(requests.map((request) => request.method), ["GET"]);
});

test("https: requests over one connection are judged one by one", async (scene) => {
  const script = "curl -sS https://site.test/yes/1 https://site.test/no https://site.test/yes/2";
  const run = await scene.run({
    policy: "https://site.test/yes/*",
    command: ["sh", "-c", script],
  });
  assert.match(
    run.stdout,
    /^GET \/yes\/1 0\nBlocked by egress: GET .*\nGET \/yes\/2 0\n$/,
    run.stderr,
  );
  const requests = (await scene.received()).filter((item) => item.kind === "request");
  assert.deepEqual(requests.map((r) => r.url), [
    "https://site.test/yes/1",
    "https://site.test/yes/2",
  ]);
});

test("https: python's urllib gets through with the run's own CA, as allowed", async (scene) => {
  const program = "import sys, urllib.request as u\n" +
    "print(u.urlopen('https://site.test/py').read().decode(), end='')\n" +
    "try: u.urlopen('https://site.test/py', data=b'x')\n" +
    "except u.HTTPError as e: print(e.code, e.read().decode(), end='')\n";
  const run = await scene.run({
    policy: "GET https://site.test/py exe=/usr/bin/python3*",
    command: ["/usr/bin/python3", "-c", program],
  });
  assert.equal(run.status, 0, run.stderr);
  assert.match(
    run.stdout,
    /^GET \/py 0\n403 Blocked by egress: POST https:\/\/site\.test\/py by /,
    run.stderr,
  );
  const exe = await Deno.realPath("/usr/bin/python3");
  assert.equal(one(run.log, { type: "https", policy: "allow" }).exe, exe);
  assert.deepEqual(one(run.log, { type: "https", policy: "deny" }).cmdline, [
    "/usr/bin/python3",
    "-c",
    program,
  ]);
});

test("https: an exe attribute admits one program and no other", async (scene) => {
  const policy = "site.test exe=/usr/bin/python3*\ndns:site.test";
  const run = await scene.run({ policy, command: ["curl", "-sSf", "https://site.test/"] });
  assert.notEqual(run.status, 0);
  assert.equal(one(run.log, { type: "https", policy: "deny" }).exe, CURL);
  const got = (await scene.received()).filter((item) => item.kind !== "dns");
  assert.deepEqual(got, []);
});

test("https: other ports need their own rule", async (scene) => {
  const script = "curl -sS https://site.test:8443/p; curl -sSf https://site.test/q";
  const run = await scene.run({ policy: "site.test:8443", command: ["sh", "-c", script] });
  assert.equal(run.stdout, "GET /p 0\n", run.stderr);
  assert.notEqual(run.status, 0);
  assert.equal(one(run.log, { type: "https", policy: "deny" }).dst_port, 443);
});

test("https: a passthrough rule hands the server's own certificate to the client", async (scene) => {
  const run = await scene.run({
    policy: "site.test passthrough",
    command: [
      ...["curl", "-sS", "-o", "/dev/null", "-w", "%{ssl_verify_result} %{http_code}"],
      ...["--cacert", scene.internet.caFile, "https://site.test/"],
    ],
  });
  assert.equal(run.stdout, "0 200", run.stderr);
  const event = one(run.log, { type: "https", host: "site.test" });
  assert.equal(event.policy, "allow");
  assert.equal(event.passthrough, true);
  assert.equal(event.url, undefined);
  assert.ok((event.bytes_down ?? 0) > 500, "bytes of the tunnel are counted");
});

test("https: a server whose certificate nobody signed is a 502 that says so", async (scene) => {
  const run = await scene.run({
    policy: "self-signed.test\nother-name.test",
    command: [
      ...["curl", "-sS", "-w", "%{http_code}\\n"],
      ...["https://self-signed.test/", "https://other-name.test/"],
    ],
  });
  assert.equal(run.stdout.match(/^502$/gm)?.length, 2, run.stdout + run.stderr);
  assert.match(run.stdout, /certificate/i);
  const failed = events(run.log, { error: "upstream_cert" });
  assert.deepEqual(failed.map((e) => e.host), ["self-signed.test", "other-name.test"]);
  const requests = (await scene.received()).filter((item) => item.kind === "request");
  assert.deepEqual(requests, []);
});

test("https: an insecure rule reaches a server whose certificate nobody signed", async (scene) => {
  const run = await scene.run({
    policy: "self-signed.test insecure",
    command: ["curl", "-sS", "https://self-signed.test/i"],
  });
  assert.equal(run.stdout, "GET /i 0\n", run.stderr);
  assert.equal(one(run.log, { type: "https", host: "self-signed.test" }).insecure, true);
});

test("https: a client that does not trust the run's CA is told apart from other failures", async (scene) => {
  const run = await scene.run({
    policy: "site.test",
    command: ["curl", "-sS", "--cacert", scene.internet.caFile, "https://site.test/"],
  });
  assert.equal(run.status, 60, run.stderr);
  const event = one(run.log, { type: "https", error: "tls_client_rejected_ca" });
  assert.deepEqual([event.exe, event.hint], [CURL, "site.test passthrough"]);
  const requests = (await scene.received()).filter((item) => item.kind === "request");
  assert.deepEqual(requests, []);
});

test("https: query strings stay out of the log and reach the server", async (scene) => {
  const run = await scene.run({
    policy: "site.test",
    command: ["curl", "-sS", "-H", "Authorization: Bearer t0k3n", "https://site.test/q?key=s3cr3t"],
  });
  assert.equal(run.status, 0, run.stderr);
  const request = (await scene.received()).find((item) => item.kind === "request");
  assert.equal(request?.url, "https://site.test/q?key=s3cr3t");
  assert.equal(request?.headers["authorization"], "Bearer t0k3n");
  const event = one(run.log, { type: "https", policy: "allow" });
  assert.equal(event.url, "https://site.test/q");
});

test("https: --log-queries keeps query strings", async (scene) => {
  const run = await scene.run({
    policy: "site.test",
    args: ["--log-queries"],
    command: ["curl", "-sS", "https://site.test/q?key=value"],
  });
  one(run.log, { type: "https", url: "https://site.test/q?key=value" });
});

test("https: a large body goes both ways unharmed", async (scene) => {
  const size = 3_000_000;
  const script = `head -c ${size} /dev/zero | tr '\\0' x | ` +
    "curl -sS -H Expect: --data-binary @- https://site.test/up";
  const run = await scene.run({ policy: "site.test", command: ["sh", "-c", script] });
  assert.equal(run.stdout, `POST /up ${size}\n`, run.stderr);
  const event = one(run.log, { type: "https", policy: "allow", method: "POST" });
  assert.ok((event.bytes_up ?? 0) >= size, `bytes_up is ${event.bytes_up}`);
  none(run.log, { policy: "deny" });
});
