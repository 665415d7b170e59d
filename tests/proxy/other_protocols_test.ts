import assert from "node:assert/strict";
import { curl, rawTcp } from "./clients.ts";
import { ALLOW, DENY, readAll, Role } from "./harness.ts";
import { echoLine, Upstream } from "./upstream.ts";

const NAME = "a.example";

Deno.test("plain HTTP is judged by its URL and relayed", async () => {
  using upstream = Upstream.tcp(echoLine);
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: upstream.port },
    judge: (event) => event.url?.endsWith("/no") ? DENY : ALLOW,
  });
  const url = `http://${NAME}:${upstream.port}`;
  assert.equal((await curl(role, `${url}/yes`)).body, "GET /yes HTTP/1.1");
  const line = await role.log((event) => event.type === "http");
  assert.deepEqual([line.url, line.status, line.policy], [`${url}/yes`, 200, "allow"]);
});

Deno.test("plain HTTP to an address that no lookup gave is refused", async () => {
  using upstream = Upstream.tcp(echoLine);
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: upstream.port },
    judge: () => ({ ...ALLOW, destination: "unknown" }),
  });
  const got = await curl(role, `http://${NAME}:${upstream.port}/`);
  assert.equal(got.status, 403);
  const line = await role.log((event) => event.type === "http");
  assert.equal(line.reason, "unresolved_destination");
  assert.equal(upstream.accepted, 0);
});

Deno.test("tcp is relayed with its half-close, client first", async () => {
  using upstream = Upstream.tcp(async ({ conn, send }) => {
    const text = await readAll(conn);
    await send(`got ${text}`);
  });
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: upstream.port },
    judge: () => ALLOW,
  });
  const { conn, send } = await rawTcp(role);
  await send("SSH-2.0-test\r\n");
  await conn.closeWrite();
  assert.equal(await readAll(conn), "got SSH-2.0-test\r\n");
  conn.close();
  const line = await role.log((event) => event.type === "tcp");
  assert.deepEqual([line.bytes_up, line.bytes_down], [14, 18]);
  assert.deepEqual(role.judged.map((event) => event.type), ["tcp"]);
});

Deno.test("a client that waits for its server is judged as tcp", async () => {
  using upstream = Upstream.tcp(async ({ send, until }) => {
    await send("220 hello\r\n");
    await send(`echo ${await until("\n")}`);
  });
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: upstream.port },
    judge: () => ALLOW,
    boot: { silentMs: 20 },
  });
  const { conn, until, send } = await rawTcp(role);
  assert.equal(await until("\n"), "220 hello\r\n");
  await send("EHLO\n");
  assert.equal(await until("\n"), "echo EHLO\n");
  conn.close();
});

Deno.test("denied tcp is closed and logged", async () => {
  await using role = await Role.start({
    destination: { ip: "192.0.2.1", port: 22 },
    judge: () => DENY,
  });
  const { conn, send } = await rawTcp(role);
  await send("SSH-2.0-test\r\n");
  await readAll(conn).catch(() => "");
  conn.close();
  const line = await role.log((event) => event.type === "tcp");
  assert.deepEqual([line.policy, line.dst_ip, line.dst_port], ["deny", "192.0.2.1", 22]);
});

Deno.test("a kernel role that was restarted is asked again; meanwhile nothing passes", async () => {
  using upstream = Upstream.tcp(echoLine);
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: upstream.port },
    judge: () => ALLOW,
  });
  const url = `http://${NAME}:${upstream.port}/`;
  role.stopKernel();
  assert.notEqual((await curl(role, url)).status, 200);
  assert.equal((await role.log((event) => event.policy === "deny")).reason, "unavailable");
  await role.startKernel();
  assert.equal((await curl(role, url)).status, 200);
});
