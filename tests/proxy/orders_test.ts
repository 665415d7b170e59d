import assert from "node:assert/strict";
import { curl, rawTcp } from "./clients.ts";
import { ALLOW, DENY, readAll, Role, type World } from "./harness.ts";
import { echoLine, type Peer, Upstream } from "./upstream.ts";

async function between(
  script: (peer: Peer) => Promise<void>,
  test: (role: Role, upstream: Upstream) => Promise<void>,
  world: Partial<World> = {},
): Promise<void> {
  using upstream = Upstream.tcp(script);
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: upstream.port },
    judge: () => ALLOW,
    ...world,
  });
  await test(role, upstream);
}

const echo = async ({ conn, send }: Peer) => {
  const buffer = new Uint8Array(100);
  for (;;) {
    const count = await conn.read(buffer);
    if (count === null) return;
    await send(String.fromCharCode(...buffer.subarray(0, count)));
  }
};

Deno.test("revoke makes held verdicts be asked for again", async () => {
  await between(echoLine, async (role, upstream) => {
    const { send, until, conn } = await rawTcp(role);
    const request = `GET / HTTP/1.1\r\nHost: a.example:${upstream.port}\r\n\r\n`;
    for (let i = 0; i < 3; i++) {
      await send(request);
      await until("GET / HTTP/1.1");
    }
    assert.equal(role.judged.length, 1);
    role.world.judge = () => DENY;
    await role.order({ op: "revoke" });
    await role.status();
    await send(request);
    await until("403 Forbidden");
    conn.close();
  });
});

Deno.test("revoke ends the tunnels that are no longer allowed, and only those", async () => {
  await between(echo, async (role) => {
    const { send, until, conn } = await rawTcp(role);
    await send("\0one");
    await until("one");
    await role.order({ op: "revoke" });
    await role.status();
    await send("two");
    await until("two");
    role.world.judge = () => DENY;
    await role.order({ op: "revoke" });
    await readAll(conn).catch(() => "");
    conn.close();
    const line = await role.log((event) => event.type === "tcp");
    assert.deepEqual([line.policy, line.bytes_up], ["deny", 7]);
  });
});

Deno.test("close cuts everything and refuses what comes, reopen ends that", async () => {
  await between(echo, async (role) => {
    const { send, until, conn } = await rawTcp(role);
    await send("\0one");
    await until("one");
    await role.order({ op: "close", reason: "log_failed" });
    await readAll(conn).catch(() => "");
    conn.close();
    const refused = await rawTcp(role);
    assert.equal(await readAll(refused.conn).catch(() => ""), "");
    refused.conn.close();
    assert.equal((await role.log((event) => event.policy === "deny")).reason, "log_failed");
    await role.order({ op: "reopen" });
    await role.status();
    const again = await rawTcp(role);
    await again.send("\0two");
    await again.until("two");
    again.conn.close();
  });
});

Deno.test("drain ends what is left and has it logged before it answers", async () => {
  await between(echo, async (role) => {
    const { send, until, conn } = await rawTcp(role);
    await send("\0one");
    await until("one");
    assert.deepEqual(await role.ask({ op: "drain" }), { ok: true });
    assert.equal(role.logs.filter((event) => event.type === "tcp").length, 1);
    conn.close();
  });
});

Deno.test("the role ends with its supervisor", async () => {
  await between(echo, async (role) => {
    assert.equal(await role.exit(), 0);
  });
});

for (const reason of ["direct", "unattributed"] as const) {
  Deno.test(`a connection that is ${reason} is refused and logged`, async () => {
    await between(echo, async (role, upstream) => {
      const { conn, send } = await rawTcp(role);
      await send("\0x").catch(() => {});
      assert.equal(await readAll(conn).catch(() => ""), "");
      conn.close();
      assert.equal((await role.log((event) => event.policy === "deny")).reason, reason);
      assert.equal(upstream.accepted, 0);
    }, { flow: () => ({ ok: false, reason }) });
  });
}

Deno.test("status counts", async () => {
  await between(echoLine, async (role, upstream) => {
    await curl(role, `http://a.example:${upstream.port}/`);
    const status = await role.status();
    assert.equal(status.requests, 1);
    assert.ok(status.rssBytes! > 0);
  });
});

Deno.test("query strings are logged only when asked for", async () => {
  for (const logQueries of [false, true]) {
    await between(echoLine, async (role, upstream) => {
      await curl(role, `http://a.example:${upstream.port}/p?token=1`);
      const line = await role.log((event) => event.type === "http");
      assert.equal(line.url!.includes("token"), logQueries);
    }, { boot: { logQueries } });
  }
});

Deno.test("a port that is taken is told to the supervisor", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const frontPort = (taken.addr as Deno.NetAddr).port;
  const started = Role.start({
    destination: { ip: "127.0.0.1", port: 1 },
    judge: () => ALLOW,
    boot: { frontPort },
  });
  await assert.rejects(started, /cannot start.*AddrInUse/);
});
