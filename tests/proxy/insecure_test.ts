/** `insecure`: upstream certificates that are not verified. */

import assert from "node:assert/strict";
import { curl } from "./clients.ts";
import { ALLOW } from "./harness.ts";
import { withHttp2 } from "./http2_world.ts";
import { between, get } from "./tls_world.ts";
import { echoLine } from "./upstream.ts";

const judge = (): typeof ALLOW => ({ ...ALLOW, insecure: true });

Deno.test("insecure without its relay is refused as unavailable", async () => {
  await between(async (role, upstream) => {
    assert.equal((await get(role, upstream)).status, 403);
    assert.equal((await role.log((event) => event.type === "https")).reason, "unavailable");
    assert.equal(upstream.accepted, 0);
  }, { judge: (event) => event.url ? ALLOW : { ...ALLOW, insecure: true } });
});

Deno.test("insecure goes through the relay, whatever the certificate", async () => {
  await between(
    async (role, upstream) => {
      for (let i = 0; i < 2; i++) {
        const got = await get(role, upstream);
        assert.deepEqual([got.status, got.body], [200, "GET / HTTP/1.1"], got.error);
      }
      assert.equal((await role.log((event) => event.type === "https")).insecure, true);
      upstream.listener.close();
    },
    { judge, relay: true, boot: { upstreamCas: [] } },
    echoLine,
    "b.example",
  );
  await between(async (role, upstream) => {
    upstream.listener.close();
    assert.equal((await get(role, upstream)).status, 502);
    const line = await role.log((event) => event.type === "https");
    assert.deepEqual([line.error, line.insecure], ["upstream_unreachable", true]);
  }, { judge, relay: true });
});

Deno.test("insecure speaks HTTP/2 where upstream does", async () => {
  await withHttp2(
    { judge, relay: true, boot: { upstreamCas: [] } },
    async ({ role, origin, send }) => {
      const [got, posted] = await send([{ path: "/x" }, {
        method: "POST",
        path: "/y",
        size: 100_000,
      }]);
      assert.deepEqual([got?.text, posted?.text], ["GET /x 0", "POST /y 100000"]);
      const line = await role.log((event) => event.method === "POST");
      assert.deepEqual([line.alpn, line.insecure, line.status], ["h2", true, 200]);
      // This server takes no HTTP/1.1: a client that offers nothing else gets a 502.
      assert.equal((await curl(role, "--http1.1", `${origin}/z`)).status, 502);
    },
  );
});

Deno.test("a rule that loses its insecure ends the HTTP/2 connection", async () => {
  await withHttp2({ judge, relay: true, boot: { upstreamCas: [] } }, async ({ role, send }) => {
    assert.equal((await send([{ path: "/x" }]))[0]?.status, 200);
    const cut = send([{ path: "/hang" }]);
    await role.open((event) => event.url?.endsWith("/hang") ?? false);
    role.world.judge = () => ALLOW;
    await role.order({ op: "revoke" });
    assert.notEqual((await cut)[0]?.code, 0);
    const line = await role.log((event) => event.url?.endsWith("/hang") ?? false);
    assert.equal(line.error, "aborted");
  });
});
