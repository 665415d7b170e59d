/** HTTP/1.1 bodies that are large, slow, unwanted, or become something else. */

import assert from "node:assert/strict";
import { rawTcp, rawTls, run } from "./clients.ts";
import { ALLOW_ONCE, DENY, readAll } from "./harness.ts";
import { between, hostField } from "./plain_world.ts";
import { between as betweenTls } from "./tls_world.ts";
import { echoLine, type Peer } from "./upstream.ts";

const MB = 1024 * 1024;

Deno.test("a body of more than 4 GB arrives whole", async () => {
  const size = 4096 * MB + 1;
  await between(async ({ until, send, conn }) => {
    await until("\r\n\r\n");
    await send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
    const piece = new Uint8Array(MB);
    for (let left = size; left > 0;) {
      left -= await conn.write(piece.subarray(0, Math.min(left, MB)));
    }
    await until("never");
  }, async (role, upstream) => {
    const { out, error } = await run("curl", [
      ...["-sS", "-o", "/dev/null", "-w", "%{size_download} %{http_code}", "--connect-to"],
      ...[`::127.0.0.1:${role.frontPort}`, `http://a.example:${upstream.port}/`],
    ]);
    assert.equal(out, `${size} 200`, error);
    const line = await role.log((event) => event.type === "http");
    assert.ok(line.bytes_down! > size);
    const { rssBytes } = await role.status();
    assert.ok(rssBytes! < 250 * MB, `${rssBytes} bytes`);
  });
});

Deno.test("a server that does not read holds its client back, in bounded memory", async () => {
  const asked = Promise.withResolvers<void>();
  await between(async ({ until }) => {
    await until("\r\n\r\n");
    asked.resolve();
    await new Promise<never>(() => {});
  }, async (role, upstream) => {
    const { send, conn } = await rawTcp(role);
    const size = 256 * MB;
    await send(`POST / HTTP/1.1\r\n${hostField(upstream)}Content-Length: ${size}\r\n\r\n`);
    await asked.promise;
    const before = (await role.status()).rssBytes!;
    let sent = 0;
    const sending = (async () => {
      const piece = new Uint8Array(65536);
      while (sent < size) sent += await conn.write(piece);
    })().catch(() => "closed at the end of the test");
    // Others are served meanwhile.
    for (let i = 0; i < 200; i++) await role.status();
    assert.ok(sent < 32 * MB, `${sent} bytes were taken from the client`);
    assert.ok((await role.status()).rssBytes! - before < 32 * MB);
    conn.close();
    await sending;
  });
});

Deno.test("a denied request that expects 100-continue gets its 403 and sends no body", async () => {
  await between(echoLine, async (role, upstream) => {
    const { send, conn } = await rawTcp(role);
    await send(
      `PUT / HTTP/1.1\r\n${hostField(upstream)}Expect: 100-continue\r\nContent-Length: 9\r\n\r\n`,
    );
    await conn.closeWrite();
    assert.match(await readAll(conn), /^HTTP\/1\.1 403 .*\r\nConnection: close\r\n/s);
    conn.close();
    assert.equal(upstream.accepted, 0);
  }, { judge: () => DENY });
});

Deno.test("fields of the hop that a server names stay behind; the rest of its answer arrives", async () => {
  await between(async ({ until, send }) => {
    await until("\r\n\r\n");
    await send(
      "HTTP/1.1 200 OK\r\nConnection: X-Hop, Set-Cookie\r\nX-Hop: 1\r\nUpgrade: h2c\r\n" +
        "Proxy-Authenticate: x\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok",
    );
    await until("never");
  }, async (role, upstream) => {
    const { send, until, conn } = await rawTcp(role);
    await send(`GET / HTTP/1.1\r\n${hostField(upstream)}\r\n`);
    const head = await until("\r\n\r\n");
    assert.doesNotMatch(head, /x-hop|upgrade|proxy-auth|connection/i);
    assert.deepEqual(head.match(/Set-Cookie: ./g), ["Set-Cookie: a", "Set-Cookie: b"]);
    await until("ok");
    conn.close();
  });
});

const WEBSOCKET = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n" +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/** Switches to a protocol that sends back what it gets. */
async function websocket({ until, send, conn }: Peer): Promise<void> {
  assert.match(await until("\r\n\r\n"), /Sec-WebSocket-Key: dGhl/);
  await send(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
  );
  const buffer = new Uint8Array(1000);
  for (let count = await conn.read(buffer); count; count = await conn.read(buffer)) {
    await conn.write(buffer.subarray(0, count));
  }
}

Deno.test("a WebSocket inside TLS is judged, tunnelled, counted and logged at its end", async () => {
  await betweenTls(
    async (role, upstream) => {
      const { send, until, conn } = await rawTls(role, "a.example");
      await send(`GET /ws?key=1 HTTP/1.1\r\n${hostField(upstream)}${WEBSOCKET}\r\n`);
      assert.match(await until("\r\n\r\n"), /^HTTP\/1\.1 101 .*\r\nUpgrade: websocket\r\n/s);
      await send("\x81\x02hi");
      await until("\x81\x02hi");
      assert.equal(role.logs.filter((event) => event.status === 101).length, 0);
      conn.close();
      const line = await role.log((event) => event.status === 101);
      assert.equal(line.url, `https://a.example:${upstream.port}/ws`);
      assert.ok(line.bytes_up! > 4 && line.bytes_down! > 4);
    },
    {},
    websocket,
  );
});

Deno.test("a WebSocket that the policy denies is answered 403 and never asked for", async () => {
  await between(websocket, async (role, upstream) => {
    const { send, until, conn } = await rawTcp(role);
    await send(`GET /ws HTTP/1.1\r\n${hostField(upstream)}${WEBSOCKET}\r\n`);
    assert.match(await until("\r\n\r\n"), /^HTTP\/1\.1 403 /);
    conn.close();
    assert.equal(upstream.accepted, 0);
  }, { judge: (event) => event.url?.endsWith("/ws") ? DENY : ALLOW_ONCE });
});

Deno.test("an upgrade that the server declines is an answer like any other", async () => {
  await between(async ({ until, send }) => {
    await until("\r\n\r\n");
    await send("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 4\r\n\r\nno 1");
    await until("\r\n\r\n");
    await send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nyes2");
    await until("never");
  }, async (role, upstream) => {
    const { send, until, conn } = await rawTcp(role);
    await send(`GET /ws HTTP/1.1\r\n${hostField(upstream)}${WEBSOCKET}\r\n`);
    await until("no 1");
    await send(`GET /next HTTP/1.1\r\n${hostField(upstream)}\r\n`);
    await until("yes2");
    assert.equal(upstream.accepted, 1);
    conn.close();
  });
});

for (
  const [what, fields] of Object.entries({
    "TLS (RFC 2817)": "Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n",
    "HTTP/2 in the clear":
      "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n",
    "an unknown protocol": "Connection: Upgrade\r\nUpgrade: tunnel/1\r\n",
    "one of several": "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n",
    "WebSocket in HTTP/1.1, without Connection": "Upgrade: websocket\r\n",
  })
) {
  Deno.test(`an upgrade to ${what} is left out of the request, and not followed`, async () => {
    let head = "";
    await between(async ({ until, send }) => {
      head = await until("\r\n\r\n");
      // RFC 9110 section 7.8: nobody may switch who was not asked to.
      await send("HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\ntunnel");
      await until("never");
    }, async (role, upstream) => {
      const { send, until, conn } = await rawTcp(role);
      await send(`GET / HTTP/1.1\r\n${hostField(upstream)}${fields}\r\n`);
      assert.match(await until("\r\n\r\n"), /^HTTP\/1\.1 502 /);
      assert.doesNotMatch(head, /upgrade|http2-settings/i);
      conn.close();
      const line = await role.log((event) => event.status === 502);
      assert.equal(line.error, "upstream_malformed");
    });
  });
}
