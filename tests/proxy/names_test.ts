/** Names that must agree: SNI, Host, destination. */

import assert from "node:assert/strict";
import { concat } from "../../src/proxy/layers/bytes.ts";
import { alpn, extension, hello, serverName } from "../../src/proxy/layers/testing/hello.ts";
import { exchangeText, rawTls, run } from "./clients.ts";
import { ALLOW, DENY, readAll, writeAll } from "./harness.ts";
import { between as plain } from "./plain_world.ts";
import { between, HOST } from "./tls_world.ts";
import { echoLine } from "./upstream.ts";

/** An encrypted ClientHello extension, as browsers send it (draft-ietf-tls-esni). */
const ECH = extension(0xfe0d, concat(Uint8Array.of(0, 0, 1, 0, 1, 7), new Uint8Array(300).fill(9)));

for (const [what, verdict] of Object.entries({ denied: DENY, "passed through": ALLOW })) {
  Deno.test(`an encrypted ClientHello is judged by its outer name: ${what}`, async () => {
    const bytes = hello([ECH, serverName("outer.example"), alpn]);
    let seen = "";
    await plain(async ({ conn }) => {
      const buffer = new Uint8Array(bytes.length);
      await conn.read(buffer);
      seen = buffer.join();
      conn.close();
    }, async (role, upstream) => {
      const conn = await Deno.connect({ hostname: "127.0.0.1", port: role.frontPort });
      await writeAll(conn, bytes);
      await readAll(conn).catch(() => "");
      conn.close();
      const line = await role.log((event) => event.type === "https");
      assert.deepEqual([line.host, line.policy], ["outer.example", verdict.policy]);
      assert.deepEqual(role.judged.map((event) => event.host), ["outer.example"]);
      assert.equal(upstream.accepted, verdict === DENY ? 0 : 1);
      if (verdict !== DENY) assert.equal(seen, bytes.join(), "as it was sent");
    }, { judge: () => ({ ...verdict, passthrough: verdict !== DENY }) });
  });
}

Deno.test("an SNI in upper case, with a trailing dot, is the same name", async () => {
  await between(async (role, upstream) => {
    const request =
      `GET /x HTTP/1.1\r\nHost: a.Example.:${upstream.port}\r\nConnection: close\r\n\r\n`;
    const got = await run("openssl", [
      ...["s_client", "-quiet", "-connect", `127.0.0.1:${role.frontPort}`, "-servername"],
      ...["A.EXAMPLE", "-CAfile", role.caFile, "-verify_hostname", HOST, "-verify_return_error"],
    ], request);
    assert.match(got.out, /GET \/x HTTP\/1.1$/, got.error);
    assert.equal(role.judged[0]?.host, HOST);
    assert.equal((await role.log((event) => event.type === "https")).host, HOST);
  });
});

Deno.test("without SNI, a Host that is a name, or another address, is misdirected", async () => {
  await between(
    async (role, upstream) => {
      for (const host of [HOST, "192.0.2.9", "127.0.0.1:1", "2130706433", "127.1"]) {
        const { conn, send, until } = await rawTls(role, "127.0.0.1");
        const port = host.includes(":") ? "" : `:${upstream.port}`;
        await send(`GET / HTTP/1.1\r\nHost: ${host}${port}\r\n\r\n`);
        assert.match(await until("\r\n\r\n"), /^HTTP\/1.1 421 /, host);
        conn.close();
      }
      assert.equal(role.logs.filter((event) => event.reason === "host_mismatch").length, 5);
      const right = await rawTls(role, "127.0.0.1");
      await right.send(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${upstream.port}\r\n\r\n`);
      await right.until("GET / HTTP/1.1");
      right.conn.close();
    },
    {},
    echoLine,
    "127.0.0.1",
  );
});

Deno.test("a plain Host that is another address is misdirected, in whatever spelling it is no name", async () => {
  await plain(echoLine, async (role, upstream) => {
    const status = async (host: string) => {
      const text = `GET / HTTP/1.1\r\nHost: ${host}:${upstream.port}\r\nConnection: close\r\n\r\n`;
      return Number((await exchangeText(role, text)).slice(9, 12));
    };
    assert.equal(await status("127.0.0.1"), 200);
    assert.equal(await status("192.0.2.9"), 421);
    for (const odd of ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "127.0.0.01"]) {
      assert.equal(await status(odd), 403, odd);
    }
    assert.equal(await status("[::ffff:127.0.0.1]"), 400);
    assert.equal(upstream.accepted, 1);
  }, { judge: () => ({ ...ALLOW, destination: "none" }) });
});

/** Requests as only lenient servers read them, for another host than the address was looked up for. */
const LENIENT = [
  "get / HTTP/1.1",
  "GET\t/ HTTP/1.1",
  "GET  / HTTP/1.1",
  "x-custom-method-that-is-quite-long / HTTP/1.1",
  "\r\n \r\nGET / HTTP/1.1",
  "GET steal HTTP/1.1",
];

Deno.test("domain fronting in a request that only lenient servers read as one goes nowhere", async () => {
  await plain(async ({ until, send }) => {
    await until("\r\n\r\n");
    await send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nstolen");
  }, async (role, upstream) => {
    for (const line of LENIENT) {
      const head = `${line}\r\nHost: evil.example:${upstream.port}\r\n`;
      const answer = await exchangeText(role, `${head}Connection: close\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 4\d\d /, line);
    }
    assert.equal(upstream.accepted, 0);
    assert.deepEqual(role.judged.filter((event) => event.type === "tcp"), []);
  }, { judge: (event) => event.url?.includes("evil") ? DENY : ALLOW });
});

Deno.test("protocols that begin like a request pass as what they are", async () => {
  const first = "0032git-upload-pack /project.git\0host=a.example\0";
  await plain(async ({ conn }) => {
    const buffer = new Uint8Array(100);
    await conn.write(buffer.subarray(0, await conn.read(buffer) ?? 0));
  }, async (role) => {
    assert.equal(await exchangeText(role, first), first);
    assert.equal((await role.log((event) => event.type === "tcp")).bytes_up, first.length);
  });
});
