import assert from "node:assert/strict";
import { rawTcp } from "./clients.ts";
import { ALLOW_ONCE, DENY, readAll } from "./harness.ts";
import { withHttp2 } from "./http2_world.ts";
import { between, hostField } from "./plain_world.ts";
import { echo, echoLine } from "./upstream.ts";

/** Denies URLs that hold "/no", now. */
const narrower = (event: { url?: string }) => event.url?.includes("/no") ? DENY : ALLOW_ONCE;

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

Deno.test("revoke makes the verdict that an HTTP/2 connection holds be asked for again", async () => {
  await withHttp2({}, async ({ role, send }) => {
    const statuses = async () =>
      (await send([{ path: "/1" }, { path: "/2" }])).map((got) => got.status);
    assert.deepEqual(await statuses(), [200, 200]);
    assert.equal(role.judged.length, 1);
    role.world.judge = () => DENY;
    await role.order({ op: "revoke" });
    await role.status();
    assert.deepEqual(await statuses(), [403, 403]);
    assert.equal((await role.status()).connections, 1);
  });
});

Deno.test("revoke cancels the HTTP/2 streams that are no longer allowed, and only those", async () => {
  await withHttp2({}, async ({ role, send }) => {
    const cut = send([{ path: "/no/hang" }, { path: "/hang" }]);
    const isFor = (path: string) => (event: { url?: string }) => event.url?.endsWith(path) ?? false;
    await role.open(isFor("/no/hang"));
    await role.open(isFor(":" + role.world.destination.port + "/hang"));
    role.world.judge = narrower;
    await role.order({ op: "revoke" });
    const line = await role.log(isFor("/no/hang"));
    const { policy, reason, status, error, message } = line;
    assert.deepEqual({ policy, reason, status, error, message }, {
      policy: "deny",
      reason: "no_rule",
      status: 200,
      error: "aborted",
      message: "the policy no longer allows it",
    });
    assert.equal(role.logs.length, 1, "the other stream is still under way");
    await role.ask({ op: "drain" });
    const [denied] = await cut;
    assert.deepEqual([denied?.status, denied?.code], [200, 8]);
    assert.equal(role.logs[1]?.policy, "allow");
  });
});

Deno.test("revoke ends a response that is no longer allowed, and its client notices", async () => {
  await between(async ({ until, send }) => {
    await until("\r\n\r\n");
    await send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
    await until("never");
  }, async (role, upstream) => {
    const { send, until, conn } = await rawTcp(role);
    await send(`GET / HTTP/1.1\r\n${hostField(upstream)}\r\n`);
    await until("part");
    await role.order({ op: "revoke" });
    await role.status();
    assert.equal(role.logs.length, 0, "what is still allowed goes on");
    role.world.judge = () => DENY;
    await role.order({ op: "revoke" });
    assert.equal(await readAll(conn).catch(() => ""), "");
    conn.close();
    const line = await role.log((event) => event.type === "http");
    assert.deepEqual([line.policy, line.status, line.error], ["deny", 200, "aborted"]);
    assert.equal(upstream.accepted, 1);
  });
});

Deno.test("revoke ends a request that waits for its answer, and it is not sent again", async () => {
  const asked = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let count = 0;
  await between(async ({ until, send }) => {
    for (;;) {
      await until("\r\n\r\n");
      asked[count]?.resolve();
      if (++count === 1) await send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
  }, async (role, upstream) => {
    const { send, until, conn } = await rawTcp(role);
    await send(`GET /1 HTTP/1.1\r\n${hostField(upstream)}\r\n`);
    await until("ok");
    // On a connection that was used before a safe request would be tried once more.
    await send(`GET /2 HTTP/1.1\r\n${hostField(upstream)}\r\n`);
    await asked[1]!.promise;
    role.world.judge = () => DENY;
    await role.order({ op: "revoke" });
    await readAll(conn).catch(() => "");
    conn.close();
    await role.log((event) => event.policy === "deny");
    assert.deepEqual([count, upstream.accepted], [2, 1]);
  });
});

Deno.test("revoke ends a WebSocket that is no longer allowed", async () => {
  await between(async ({ until, send, conn }) => {
    await until("\r\n\r\n");
    await send("HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhi");
    await readAll(conn);
  }, async (role, upstream) => {
    const { send, until, conn } = await rawTcp(role);
    const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    await send(`GET /ws HTTP/1.1\r\n${hostField(upstream)}${upgrade}\r\n`);
    await until("hi");
    role.world.judge = () => DENY;
    await role.order({ op: "revoke" });
    await readAll(conn).catch(() => "");
    conn.close();
    const line = await role.log((event) => event.type === "http");
    assert.deepEqual([line.policy, line.status], ["deny", 101]);
  });
});
