import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import packet from "dns-packet";
import { curl, rawTcp, run } from "./clients.ts";
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

/** A resolver that answers every A query with a CNAME and two addresses. */
function resolver() {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const asked: string[] = [];
  (async () => {
    for await (const [bytes, from] of socket) {
      const query = packet.decode(Buffer.from(bytes)) as unknown as {
        id: number;
        questions: { name: string; type: string }[];
      };
      const { name, type } = query.questions[0]!;
      asked.push(`${name} ${type}`);
      const data = { type: "A", name: "cdn.example", ttl: 30 };
      await socket.send(
        new Uint8Array(packet.encode({
          type: "response",
          id: query.id,
          questions: query.questions,
          answers: [
            { type: "CNAME", name, ttl: 60, data: "cdn.example" },
            { ...data, data: "192.0.2.1" },
            { ...data, data: "192.0.2.2" },
          ],
        } as never)),
        from,
      );
    }
  })();
  return {
    asked,
    port: (socket.addr as Deno.NetAddr).port,
    [Symbol.dispose]: () => socket.close(),
  };
}

function dig(role: Role, ...args: string[]) {
  const base = ["@127.0.0.1", "-p", String(role.dnsPort), "+tries=1", "+time=3"];
  return run("dig", [...base, ...args]);
}

Deno.test("an allowed lookup is forwarded, and its addresses told before the client has them", async () => {
  using server = resolver();
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: server.port },
    judge: () => ALLOW,
  });
  const got = await dig(role, "+short", "A.eXample", "A");
  assert.equal(got.out, "cdn.example.\n192.0.2.1\n192.0.2.2\n");
  assert.deepEqual(role.lookups, [{ name: NAME, ips: ["192.0.2.1", "192.0.2.2"], ttl: 30 }]);
  const line = await role.log((event) => event.type === "dns_response");
  assert.deepEqual(line.answers, ["192.0.2.1", "192.0.2.2"]);
  assert.deepEqual(server.asked, ["A.eXample A"]);
});

Deno.test("AAAA and HTTPS are answered empty without asking, refused names with REFUSED", async () => {
  using server = resolver();
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: server.port },
    judge: (event) => event.name === NAME ? ALLOW : DENY,
  });
  for (const type of ["AAAA", "TYPE65", "TYPE64"]) {
    const got = await dig(role, NAME, type);
    assert.match(got.out, /status: NOERROR/);
    assert.match(got.out, /ANSWER: 0/);
  }
  assert.match((await dig(role, "secret.evil.example", "A")).out, /status: REFUSED/);
  const line = await role.log((event) => event.policy === "deny");
  assert.equal(line.name, "secret.evil.example");
  assert.deepEqual(server.asked, []);
});
