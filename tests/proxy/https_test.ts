import assert from "node:assert/strict";
import { curl } from "./clients.ts";
import { ALLOW, ALLOW_ONCE, DENY, Role } from "./harness.ts";
import { echoLine, Upstream, UPSTREAM_CA } from "./upstream.ts";

const HOST = "a.example";

Deno.test("an allowed GET and POST are decrypted, relayed and logged", async () => {
  using upstream = await Upstream.tls(HOST, echoLine);
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: upstream.port },
    judge: () => ALLOW,
    boot: { upstreamCas: [UPSTREAM_CA] },
  });
  const url = `https://${HOST}:${upstream.port}`;
  const got = await curl(role, `${url}/x?secret=1`);
  assert.deepEqual([got.status, got.body], [200, "GET /x?secret=1 HTTP/1.1"], got.error);
  const posted = await curl(role, "-d", "hello", `${url}/y`);
  assert.deepEqual([posted.status, posted.body], [200, "POST /y HTTP/1.1 [hello]"]);
  const line = await role.log((event) => event.method === "GET");
  assert.equal(line.url, `${url}/x`);
  assert.equal(line.policy, "allow");
  assert.equal(line.status, 200);
  assert.equal(line.alpn, "http/1.1");
  assert.equal(line.exe, "/usr/bin/client");
  assert.equal(line.rule, "test");
});

Deno.test("a denied request gets 403 with the way to allow it, and is logged", async () => {
  using upstream = await Upstream.tls(HOST, echoLine);
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: upstream.port },
    judge: (event) => event.url === undefined || event.method === "GET" ? ALLOW_ONCE : DENY,
    boot: { upstreamCas: [UPSTREAM_CA] },
  });
  const url = `https://${HOST}:${upstream.port}/y`;
  assert.equal((await curl(role, url)).status, 200);
  const got = await curl(role, "-d", "x", url);
  assert.equal(got.status, 403, got.error);
  assert.equal(
    got.body,
    `Blocked by egress: POST ${url} by /usr/bin/client (step build). To allow: the hint\n`,
  );
  const line = await role.log((event) => event.policy === "deny");
  assert.deepEqual([line.method, line.url, line.reason], ["POST", url, "no_rule"]);
});

Deno.test("a denied host is never contacted and says so with the URL", async () => {
  using upstream = await Upstream.tls(HOST, echoLine);
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: upstream.port },
    judge: () => DENY,
    boot: { upstreamCas: [UPSTREAM_CA] },
  });
  const got = await curl(role, `https://${HOST}:${upstream.port}/z`);
  assert.equal(got.status, 403, got.error);
  assert.match(got.body, /GET https:\/\/a\.example:\d+\/z/);
  assert.equal(upstream.accepted, 0);
  assert.equal(role.logs.filter((event) => event.policy === "deny").length, 1);
});
