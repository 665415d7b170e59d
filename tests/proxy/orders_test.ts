import assert from "node:assert/strict";
import { curl, rawTcp } from "./clients.ts";
import { ALLOW, readAll, Role } from "./harness.ts";
import { between } from "./plain_world.ts";
import { echo, echoLine } from "./upstream.ts";

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
