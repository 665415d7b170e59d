/** Packages that are known to be bad are not downloaded, whoever downloads them. */

import assert from "node:assert/strict";
import { InternetHttp2Server } from "../support/http2_server.ts";
import { events, none, one, show, some } from "../support/log.ts";
import { askedAbout, known, MALWARE, securityApi } from "../support/security_api.ts";
import { readLog } from "../support/run.ts";
import { Shell } from "../support/shell.ts";
import { type Scene, suite } from "../support/suite.ts";
import { until } from "../support/until.ts";

const SLOW = { ...known(), delayMs: 60_000 };
const BROKEN = { body: '{"alerts":[{"type":"malw' };

const test = suite({
  packages: ["left-pad", "paint-it"].map((name) => ({
    name,
    version: "1.0.0",
    files: { "index.js": "module.exports = 1;\n" },
  })),
  hosts: [securityApi({
    "pkg:npm/left-pad@1.0.0": known({ type: "unmaintained", action: "warn" }),
    "pkg:npm/paint-it@1.0.0": MALWARE,
    "pkg:npm/evil@1.0.0": MALWARE,
    "pkg:pypi/evil@1.0.0": MALWARE,
    "pkg:cargo/evil@1.0.0": MALWARE,
    "pkg:maven/org.evil/evil@1.0.0": MALWARE,
    "pkg:npm/slow@1.0.0": SLOW,
    "pkg:npm/broken@1.0.0": BROKEN,
  })],
});

const lenient = ["--package-security"];
const strict = ["--package-security=strict"];
const status = ["-sS", "-o", "/dev/null", "-w", "%{http_code}\n"];

/** curl's arguments for the status of each URL, over one connection. */
function curl(...requests: string[][]): string[] {
  return [
    "curl",
    ...requests.flatMap((one, i) => [...(i > 0 ? ["--next"] : []), ...status, ...one]),
  ];
}

function tarball(name: string): string {
  return `https://site.test/${name}/-/${name}-1.0.0.tgz`;
}

/** Paths of the requests that reached a host. */
async function reached(scene: Scene, host: string): Promise<string[]> {
  return (await scene.received()).flatMap((item) =>
    item.kind === "request" && item.host === host ? [new URL(item.url).pathname] : []
  );
}

test("package security: npm gets a good package, and not a poisoned one", async (scene) => {
  const npm = (name: string) =>
    `npm --prefix ${scene.folder}/${name} install ${name} 2>&1; echo "${name}: $?"`;
  await Deno.mkdir(`${scene.folder}/left-pad`);
  await Deno.mkdir(`${scene.folder}/paint-it`);
  const run = await scene.run({
    policy: "registry.test",
    args: lenient,
    command: ["sh", "-c", `${npm("left-pad")}; ${npm("paint-it")}`],
    env: {
      npm_config_registry: "https://registry.test/",
      npm_config_cache: `${scene.folder}/cache`,
      npm_config_userconfig: `${scene.folder}/npmrc`,
      npm_config_globalconfig: `${scene.folder}/global-npmrc`,
      npm_config_audit: "false",
      npm_config_fund: "false",
      npm_config_update_notifier: "false",
      npm_config_fetch_retries: "0",
    },
  });
  assert.match(run.stdout, /left-pad: 0/);
  assert.match(run.stdout, /403[^]*paint-it: 1/);
  assert.deepEqual(await reached(scene, "registry.test"), [
    "/left-pad",
    "/left-pad/-/left-pad-1.0.0.tgz",
    "/paint-it",
  ]);
  assert.deepEqual(await askedAbout(scene), ["pkg:npm/left-pad@1.0.0", "pkg:npm/paint-it@1.0.0"]);
  const denied = one(run.log, { security_block: true });
  const { type, policy, reason, status, purl, reasons, url } = denied;
  assert.deepEqual({ type, policy, reason, status, purl, reasons, url }, {
    type: "https",
    policy: "deny",
    reason: "package_security",
    status: 403,
    purl: "pkg:npm/paint-it@1.0.0",
    reasons: ["malware"],
    url: "https://registry.test/paint-it/-/paint-it-1.0.0.tgz",
  });
  // egress's own questions are no traffic of the scope
  none(run.log, { host: "firewall-api.socket.dev" });
  none(run.log, { name: "firewall-api.socket.dev" });
});

test("package security: every ecosystem, GET and HEAD, and nothing else is asked about", async (scene) => {
  const run = await scene.run({
    policy: "GET|HEAD|POST https://site.test/*\nGET https://site.test:8443/allowed/*",
    args: lenient,
    command: curl(
      [tarball("evil")],
      ["-I", tarball("evil")],
      ["https://site.test/packages/ab/cd/evil-1.0.0-py3-none-any.whl"],
      ["https://site.test/packages/ab/cd/evil-1.0.0.tar.gz"],
      ["https://site.test/api/v1/crates/evil/1.0.0/download"],
      ["https://site.test/maven2/org/evil/evil/1.0.0/evil-1.0.0.jar"],
      ["https://site.test/evil"],
      ["https://site.test/simple/evil/"],
      ["-d", "publish", tarball("evil")],
      [tarball("unheard-of")],
      ["https://site.test:8443/evil/-/evil-1.0.0.tgz"],
    ),
  });
  assert.equal(
    run.stdout.trim().split("\n").join(" "),
    "403 403 403 403 403 403 200 200 200 200 403",
    run.stderr,
  );
  assert.deepEqual(await askedAbout(scene), [
    "pkg:npm/evil@1.0.0",
    "pkg:pypi/evil@1.0.0",
    "pkg:cargo/evil@1.0.0",
    "pkg:maven/org.evil/evil@1.0.0",
    "pkg:npm/unheard-of@1.0.0",
  ]);
  assert.equal(events(run.log, { reason: "package_security" }).length, 6);
  assert.equal(events(run.log, { reason: "no_rule", type: "https" }).length, 1);
});

test("package security: a refusal says which package, and why", async (scene) => {
  const run = await scene.run({
    policy: "site.test",
    args: lenient,
    command: ["curl", "-sS", tarball("evil")],
  });
  assert.equal(
    run.stdout,
    `Blocked by egress: GET ${
      tarball("evil")
    } by /usr/bin/curl. The package pkg:npm/evil@1.0.0 is ` +
      "refused by --package-security: malware\n",
  );
  assert.match(run.stderr, /reason: package_security/);
});

test("package security: a server that is slow, or answers nonsense, blocks nothing", async (scene) => {
  const run = await scene.run({
    policy: "site.test",
    args: lenient,
    command: curl([tarball("slow")], [tarball("broken")]),
  });
  assert.equal(run.stdout, "200\n200\n", run.stderr);
  const slow = one(run.log, { type: "error", purl: "pkg:npm/slow@1.0.0" });
  assert.deepEqual([slow.error, slow.policy], ["package_security", undefined]);
  assert.match(slow.message ?? "", /was let through: no answer within 2 s/);
  const broken = one(run.log, { type: "error", purl: "pkg:npm/broken@1.0.0" });
  assert.match(broken.message ?? "", /no NDJSON/);
});

test("package security: strict refuses what could not be checked, and says why", async (scene) => {
  const run = await scene.run({
    policy: "site.test",
    args: strict,
    command: ["curl", "-sS", tarball("slow"), tarball("broken"), tarball("unheard-of")],
  });
  assert.equal(
    run.stdout,
    `Blocked by egress: GET ${
      tarball("slow")
    } by /usr/bin/curl. The package pkg:npm/slow@1.0.0 is ` +
      "refused by --package-security: not checked: no answer within 2 s\n" +
      `Blocked by egress: GET ${tarball("broken")} by /usr/bin/curl. The package ` +
      "pkg:npm/broken@1.0.0 is refused by --package-security: " +
      "not checked: an answer that is no NDJSON of a package\n" +
      "GET /unheard-of/-/unheard-of-1.0.0.tgz 0\n",
  );
  const slow = one(run.log, { purl: "pkg:npm/slow@1.0.0" });
  assert.deepEqual([slow.security_block, slow.reason, slow.status], [
    true,
    "package_security",
    403,
  ]);
  none(run.log, { type: "error" });
});

test("package security: twenty downloads at once over a connection make one question", async (scene) => {
  const urls = Array.from(
    { length: 20 },
    (_, i) => ["-o", "/dev/null", `${tarball("evil")}?n=${i}`],
  );
  const run = await scene.run({
    policy: "site.test",
    args: lenient,
    command: ["curl", "-sS", "--http2", "--parallel", "--parallel-max", "20"]
      .concat(["-w", "%{http_code}\n"], urls.flat()),
  });
  assert.equal(run.stdout, "403\n".repeat(20), run.stderr);
  assert.deepEqual(await askedAbout(scene), ["pkg:npm/evil@1.0.0"]);
  assert.equal(events(run.log, { security_block: true }).length, 20);
});

test("package security: over HTTP/2, one stream is refused and the next served", async (scene) => {
  await using server = await InternetHttp2Server.start(scene.internet, scene.folder);
  const http2 = (path: string) => ["--http2", `${server.origin}/${path}`];
  const run = await scene.run({
    policy: "site.test:*",
    args: [...lenient, "--upstream-ca", `${scene.folder}/ca.pem`],
    command: curl(http2("evil/-/evil-1.0.0.tgz"), http2("fine/-/fine-1.0.0.tgz")),
  });
  assert.equal(run.stdout, "403\n200\n", run.stderr);
  const denied = some(run.log, { security_block: true });
  assert.deepEqual([denied.alpn, denied.purl], ["h2", "pkg:npm/evil@1.0.0"]);
  assert.equal(new Set(events(run.log, { alpn: "h2" }).map(({ conn }) => conn)).size, 1);
});

test("package security: audit blocks nothing, and the log says what would be", async (scene) => {
  const run = await scene.run({
    policy: "GET https://site.test/evil/*",
    args: [...lenient, "--audit"],
    command: curl([tarball("evil")], ["https://site.test/mirror/evil/-/evil-1.0.0.tgz"]),
  });
  assert.equal(run.stdout, "200\n200\n", run.stderr);
  const seen = events(run.log, { security_block: true });
  assert.deepEqual(seen.map(({ policy, reason, status }) => [policy, reason, status]), [
    ["deny", "package_security", 200],
    ["deny", "no_rule", 200],
  ]);
});

test("package security: nobody is asked unless told to", async (scene) => {
  const run = await scene.run({ policy: "site.test", command: curl([tarball("evil")]) });
  assert.equal(run.stdout, "200\n", run.stderr);
  assert.deepEqual(await askedAbout(scene), []);
});

test("package security: a package asked about through several proxies makes one question", async (scene) => {
  await using shell = await Shell.start(scene, {
    policy: "site.test",
    args: strict,
  });
  const log = () => readLog(shell.logFile);
  const servers = async () =>
    new Set(events(await log(), { type: "https" }).map(({ conn }) => conn?.split("-")[0])).size;
  await until("two proxies serve", async () => {
    await shell.do("curl -sS https://site.test/ping");
    return await servers() >= 2;
  });
  const before = (await log()).length;
  const downloads = Array.from({ length: 16 }, () => `curl -sS ${tarball("evil")} >/dev/null &`);
  await shell.do(`${downloads.join(" ")} wait`);
  const run = await shell.end();
  const denied = events(run.log.slice(before), { security_block: true });
  assert.equal(denied.length, 16, show(run.log));
  assert.ok(new Set(denied.map(({ conn }) => conn?.split("-")[0])).size >= 2);
  assert.deepEqual(await askedAbout(scene), ["pkg:npm/evil@1.0.0"]);
});
