/** Other protocols than HTTP inside TLS. */

import assert from "node:assert/strict";
import { rawTls } from "./clients.ts";
import { ALLOW, DENY, readAll, Role } from "./harness.ts";
import { between, HOST } from "./tls_world.ts";
import { echo, echoLine, leafFor, Upstream, UPSTREAM_CA } from "./upstream.ts";

/** Lets requests below /x of the host through, and nothing else. */
const urlsOnly = (event: { type: string }) => event.type === "tcp" ? DENY : ALLOW;

Deno.test("inside TLS, a client that speaks no HTTP is relayed where a rule lets it through whole", async () => {
  await between(
    async (role) => {
      const { conn, send, until } = await rawTls(role, HOST);
      await send("\0\x24query");
      await until("\0\x24query");
      conn.close();
      const line = await role.log((event) => event.type === "https");
      const { policy, host, url, bytes_up, bytes_down } = line;
      assert.deepEqual({ policy, host, url, bytes_up, bytes_down }, {
        policy: "allow",
        host: HOST,
        url: undefined,
        bytes_up: 7,
        bytes_down: 7,
      });
      assert.deepEqual(role.judged.map((event) => [event.type, event.host]), [
        ["https", HOST],
        ["tcp", HOST],
      ]);
    },
    {},
    echo,
  );
});

Deno.test("inside TLS, a server that speaks first is relayed", async () => {
  await between(
    async (role) => {
      const { conn, send, until } = await rawTls(role, HOST);
      await until("* OK ready\r\n");
      await send("a logout\r\n");
      await until("a BYE\r\n");
      conn.close();
    },
    {},
    async ({ send, until }) => {
      await send("* OK ready\r\n");
      await until("a logout\r\n");
      await send("a BYE\r\n");
    },
  );
});

Deno.test("inside TLS, rules for URLs let no other protocol through", async () => {
  await between(
    async (role, upstream) => {
      const { conn, send } = await rawTls(role, HOST);
      await send("\0\x24query");
      await conn.closeWrite();
      await readAll(conn).catch(() => "");
      conn.close();
      const line = await role.log((event) => event.policy === "deny");
      assert.deepEqual([line.type, line.reason, line.host], ["https", "no_rule", HOST]);
      const good = await rawTls(role, HOST);
      await good.send(`GET /x HTTP/1.1\r\nHost: ${HOST}:${upstream.port}\r\n\r\n`);
      await good.until("GET /x HTTP/1.1");
      good.conn.close();
    },
    { judge: urlsOnly },
    echoLine,
  );
});

Deno.test("inside TLS, a request that only lenient servers read as one is no other protocol", async () => {
  await between(async (role, upstream) => {
    for (const line of ["get / HTTP/1.1", "GET\t/ HTTP/1.1"]) {
      const { conn, send, until } = await rawTls(role, HOST);
      await send(`${line}\r\nHost: evil.example:${upstream.port}\r\n\r\n`);
      assert.match(await until("\r\n\r\n"), /^HTTP\/1\.1 4\d\d /, line);
      conn.close();
    }
    assert.deepEqual(role.judged.filter((event) => event.type === "tcp"), []);
  });
});

Deno.test("a protocol of its own that client and server agree on stays theirs", async () => {
  const { cert, key } = await leafFor(HOST);
  const listener = Deno.listenTls({
    hostname: "127.0.0.1",
    port: 0,
    cert,
    key,
    alpnProtocols: ["dot"],
  });
  using upstream = new Upstream(listener, echo);
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: upstream.port },
    judge: () => ALLOW,
    boot: { upstreamCas: [UPSTREAM_CA] },
  });
  const tcp = await Deno.connect({ hostname: "127.0.0.1", port: role.frontPort });
  const options = { hostname: HOST, caCerts: [role.ca.certPem], alpnProtocols: ["dot"] };
  const tls = await Deno.startTls(tcp, options);
  assert.equal((await tls.handshake()).alpnProtocol, "dot");
  await tls.write(Uint8Array.of(0, 1, 2));
  assert.equal(await tls.read(new Uint8Array(9)), 3);
  tls.close();
  assert.equal((await role.log((event) => event.type === "https")).alpn, "dot");
});
