/** Clients that keep silent at first: a pause is no way around what is looked at. */
import assert from "node:assert/strict";
import { rawTcp } from "./clients.ts";
import { ALLOW, ALLOW_ONCE, DENY, readAll, Role } from "./harness.ts";
import { echoLine, peerOf, Upstream, UPSTREAM_CA } from "./upstream.ts";

const HOST = "a.example";
const boot = { upstreamCas: [UPSTREAM_CA], silentMs: 200 };

/** Waits until the proxy has taken the client for one that waits for its server. */
async function takenForSilent(role: Role): Promise<void> {
  while (!role.judged.some((event) => event.type === "tcp")) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A TLS client that first waits until the proxy has given up on hearing from it. */
async function lateTls(role: Role) {
  const tcp = await Deno.connect({ hostname: "127.0.0.1", port: role.frontPort });
  await takenForSilent(role);
  const tls = await Deno.startTls(tcp, { hostname: HOST, caCerts: [role.ca.certPem] });
  await tls.handshake();
  return peerOf(tls);
}

Deno.test("attack: a pause before the handshake, to send a request that no rule allows", async () => {
  using upstream = await Upstream.tls(HOST, echoLine);
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: upstream.port },
    judge: (event) => event.url === undefined ? ALLOW_ONCE : DENY,
    boot,
  });
  const { conn, send, until } = await lateTls(role);
  await send(`POST /loot HTTP/1.1\r\nHost: ${HOST}:${upstream.port}\r\n\r\n`);
  assert.match(await until("\r\n\r\n"), /^HTTP\/1.1 403 /);
  conn.close();
  const line = await role.log((event) => event.url !== undefined);
  assert.deepEqual([line.type, line.policy, line.method], ["https", "deny", "POST"]);
});

Deno.test("attack: empty lines and a pause before a request for another host", async () => {
  using upstream = Upstream.tcp(echoLine);
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: upstream.port },
    judge: () => ALLOW,
    boot,
  });
  const request = "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n";
  const { conn, send, until } = await rawTcp(role);
  await takenForSilent(role);
  await send("\r\n\r\n");
  await send(request);
  assert.match(await until("\r\n\r\n"), /^HTTP\/1.1 400 /);
  conn.close();
  const other = await rawTcp(role);
  await other.send(`\r\n${request}`);
  assert.match(await other.until("\r\n\r\n"), /^HTTP\/1.1 400 /, "without a pause");
  other.conn.close();
  await role.log(() => role.logs.filter((event) => event.reason === "malformed").length === 2);
  assert.ok(role.logs.every((event) => event.type !== "tcp"));
});

Deno.test("a slow client is served where its raw connection would not be", async () => {
  using upstream = await Upstream.tls(HOST, echoLine);
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: upstream.port },
    judge: (event) => event.type === "tcp" ? DENY : ALLOW,
    boot,
  });
  const { conn, send, until } = await lateTls(role);
  await send(`GET /x HTTP/1.1\r\nHost: ${HOST}:${upstream.port}\r\n\r\n`);
  assert.match(await until("GET /x HTTP/1.1"), /^HTTP\/1.1 200 /);
  conn.close();
  assert.equal((await role.log((event) => event.url !== undefined)).policy, "allow");
});

Deno.test("a client that stays silent is refused where its raw connection is denied", async () => {
  await using role = await Role.start({
    destination: { ip: "192.0.2.1", port: 22 },
    judge: () => DENY,
    boot: { silentMs: 20 },
  });
  const { conn } = await rawTcp(role);
  assert.equal(await readAll(conn).catch(() => ""), "");
  conn.close();
  assert.equal((await role.log((event) => event.type === "tcp")).policy, "deny");
});
