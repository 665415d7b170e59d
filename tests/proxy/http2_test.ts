import assert from "node:assert/strict";
import type { LogEvent } from "../../src/protocol/mod.ts";
import { curl } from "./clients.ts";
import { ALLOW, ALLOW_ONCE, DENY, Role } from "./harness.ts";
import { HOST, withHttp2 } from "./http2_world.ts";
import { echoLine, Upstream, UPSTREAM_CA } from "./upstream.ts";

const MB = 1024 * 1024;

Deno.test("curl --http2: an allowed GET and POST are relayed as HTTP/2 and logged", async () => {
  await withHttp2({}, async ({ role, origin }) => {
    const got = await curl(role, "--http2", "-w", "\n%{http_version}", `${origin}/x?secret=1`);
    assert.deepEqual([got.body, got.status], ["GET /x?secret=1 0", 2], got.error);
    const posted = await curl(role, "--http2", "-d", "hello", `${origin}/y`);
    assert.deepEqual([posted.body, posted.status], ["POST /y 5", 200], posted.error);
    const line = await role.log((event) => event.method === "POST");
    const { url, policy, status, alpn, exe, host, bytes_up, bytes_down, duration_ms } = line;
    assert.deepEqual(
      { url, policy, status, alpn, exe, host, bytes_up, bytes_down },
      {
        url: `${origin}/y`,
        policy: "allow",
        status: 200,
        alpn: "h2",
        exe: "/usr/bin/client",
        host: HOST,
        bytes_up: 5,
        bytes_down: 9,
      },
    );
    assert.equal(typeof duration_ms, "number");
    assert.equal((await role.log((event) => event.method === "GET")).url, `${origin}/x`);
  });
});

Deno.test("curl --http2: a denied request gets the same text as in HTTP/1.1", async () => {
  const judge = (event: { url?: string; method?: string }) =>
    event.url === undefined || event.method === "GET" ? ALLOW_ONCE : DENY;
  await withHttp2({ judge }, async ({ role, origin }) => {
    const over2 = await curl(role, "--http2", "-d", "x", `${origin}/y`);
    const over1 = await curl(role, "--http1.1", "-d", "x", `${origin}/y`);
    assert.equal(over2.status, 403, over2.error);
    assert.equal(
      over2.body,
      `Blocked by egress: POST ${origin}/y by /usr/bin/client (step build). To allow: the hint\n`,
    );
    // The server takes no HTTP/1.1, but the policy is asked first.
    assert.deepEqual([over1.status, over1.body], [403, over2.body]);
    const line = await role.log((event) => event.policy === "deny" && event.alpn === "h2");
    assert.deepEqual([line.method, line.status, line.reason], ["POST", 403, "no_rule"]);
  });
});

for (const audit of [false, true]) {
  const outcome = audit ? "passes in audit mode" : "is answered 421";
  Deno.test(`curl --http2: a request for another host than its connection ${outcome}`, async () => {
    const boot = { upstreamCas: [UPSTREAM_CA], audit };
    await withHttp2({ boot }, async ({ role, origin }) => {
      const got = await curl(role, "--http2", "-H", "Host: b.example", `${origin}/`);
      assert.equal(got.status, audit ? 200 : 421, got.error);
      const line = await role.log((event) => event.reason === "host_mismatch");
      assert.deepEqual([line.policy, line.host], ["deny", "b.example"]);
    });
  });
}

Deno.test("DNS over HTTPS in an allowed connection is refused over HTTP/2 too", async () => {
  await withHttp2({}, async ({ role, send }) => {
    const headers = { accept: "application/dns-message" };
    const [query, plain] = await send([{ path: "/dns-query", headers }, { path: "/" }]);
    assert.deepEqual([query?.status, plain?.status], [403, 200]);
    assert.equal((await role.log((event) => event.policy === "deny")).reason, "doh");
  });
});

Deno.test("a tunnel is refused over HTTP/2 as over HTTP/1.1", async () => {
  await withHttp2({}, async ({ role, send }) => {
    const headers = { ":authority": "evil.example:443" };
    const [tunnel, plain] = await send([{ method: "CONNECT", path: "", headers }, { path: "/" }]);
    assert.deepEqual([tunnel?.status, plain?.status], [501, 200]);
    const line = await role.log((event) => event.policy === "deny");
    assert.deepEqual([line.reason, line.host, line.status], ["method", "evil.example", 501]);
  });
});

Deno.test("of 20 streams at once some are refused while the others go on", async () => {
  const judge = (event: { url?: string }) => event.url?.includes("/no") ? DENY : ALLOW_ONCE;
  await withHttp2({ judge }, async ({ role, send }) => {
    const paths = Array.from({ length: 20 }, (_, i) => i % 3 === 0 ? `/no/${i}` : `/yes/${i}`);
    const answers = await send(paths.map((path) => ({ method: "POST", path, size: 100 })));
    for (const [i, { status, text, error }] of answers.entries()) {
      assert.equal(error, undefined);
      assert.equal(status, i % 3 === 0 ? 403 : 200);
      if (i % 3 === 0) assert.match(text, /^Blocked by egress: POST .*\/no/);
      else assert.equal(text, `POST /yes/${i} 100`);
    }
    const lines = (policy: LogEvent["policy"]) =>
      role.logs.filter((event) => event.policy === policy && event.alpn === "h2").length;
    await role.log(() => lines("allow") === 13);
    assert.equal(lines("deny"), 7);
  });
});

Deno.test("trailers and large bodies pass both ways", async () => {
  await withHttp2({}, async ({ role, send }) => {
    const [trailed, up, down] = await send([
      { path: "/trailers" },
      { method: "POST", path: "/up", size: 8 * MB },
      { path: `/download/${8 * MB}` },
    ]);
    assert.deepEqual(trailed?.trailers, { "grpc-status": "0" });
    assert.equal(up?.text, `POST /up ${8 * MB}`);
    assert.deepEqual([down?.status, down?.size], [200, 8 * MB]);
    assert.equal((await role.log((event) => event.method === "POST")).bytes_up, 8 * MB);
    const line = await role.log((event) => event.url?.includes("/download") ?? false);
    assert.equal(line.bytes_down, 8 * MB);
  });
});

Deno.test("a host that is denied is not contacted, and a client without HTTP/1.1 is told so", async () => {
  await withHttp2({ judge: () => DENY }, async ({ role, send }) => {
    const [got] = await send([{ path: "/z" }]);
    assert.equal(got?.status, 403);
    assert.match(got!.text, /^Blocked by egress: GET https:\/\/a\.example:\d+\/z by/);
    assert.equal(role.logs.filter((event) => event.policy === "deny").length, 1);
  });
});

Deno.test("an upstream that is not to be had gives a client without HTTP/1.1 a 502", async () => {
  await withHttp2({ boot: { upstreamCas: [] } }, async ({ role, send }) => {
    const [got] = await send([{ path: "/z" }]);
    assert.equal(got?.status, 502);
    assert.match(got!.text, /^egress: .*\(upstream_cert\)\n$/s);
    assert.equal((await role.log((event) => event.status === 502)).error, "upstream_cert");
  });
});

Deno.test("a client that offers HTTP/2 gets HTTP/1.1 where upstream speaks that", async () => {
  using upstream = await Upstream.tls(HOST, echoLine);
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: upstream.port },
    judge: () => ALLOW,
    boot: { upstreamCas: [UPSTREAM_CA] },
  });
  const got = await curl(role, "--http2", `https://${HOST}:${upstream.port}/x`);
  assert.equal(got.body, "GET /x HTTP/1.1", got.error);
  assert.equal((await role.log((event) => event.status === 200)).alpn, "http/1.1");
});

Deno.test("close cuts an HTTP/2 connection with what is under way, which is logged", async () => {
  await withHttp2({}, async ({ role, send }) => {
    const cut = send([{ path: "/hang" }]);
    await role.open((event) => event.url?.endsWith("/hang") ?? false);
    await role.order({ op: "close", reason: "log_failed" });
    assert.notEqual((await cut)[0]?.code, 0);
    const line = await role.log((event) => event.url?.endsWith("/hang") ?? false);
    assert.deepEqual([line.status, line.error], [200, "aborted"]);
  });
});

Deno.test("drain ends what HTTP/2 streams are left and has them logged before it answers", async () => {
  await withHttp2({}, async ({ role, send }) => {
    const cut = send([{ path: "/hang" }]);
    await role.open((event) => event.url?.endsWith("/hang") ?? false);
    assert.deepEqual(await role.ask({ op: "drain" }), { ok: true });
    assert.equal(role.logs.filter((event) => event.alpn === "h2").length, 1);
    assert.notEqual((await cut)[0]?.code, 0);
  });
});
