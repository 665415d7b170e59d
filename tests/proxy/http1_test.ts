import assert from "node:assert/strict";
import { exchangeText, rawTcp } from "./clients.ts";
import { readAll, type Role } from "./harness.ts";
import { between, hostField as host } from "./plain_world.ts";
import { echoLine } from "./upstream.ts";

const SMUGGLING: Record<string, (host: string) => string> = {
  "CL.TE": (h) =>
    `POST / HTTP/1.1\r\n${h}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG`,
  "TE.CL": (h) =>
    `POST / HTTP/1.1\r\n${h}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  "TE.TE": (h) =>
    `POST / HTTP/1.1\r\n${h}Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n`,
  "a blank before the colon": (h) =>
    `POST / HTTP/1.1\r\n${h}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
  "a tab in the coding": (h) =>
    `POST / HTTP/1.1\r\n${h}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`,
  "two lengths": (h) =>
    `POST / HTTP/1.1\r\n${h}Content-Length: 0\r\nContent-Length: 6\r\n\r\nGET / `,
  "a bare LF": (h) => `GET / HTTP/1.1\n${h}\n`,
  "a bare LF between fields": (h) => `GET / HTTP/1.1\r\n${h}A: b\nC: d\r\n\r\n`,
  "obs-fold": (h) => `GET / HTTP/1.1\r\n${h}A: b\r\n c\r\n\r\n`,
  "a NUL": (h) => `GET / HTTP/1.1\r\n${h}A: \0\r\n\r\n`,
  "no Host": () => "GET / HTTP/1.1\r\n\r\n",
  "two Hosts": (h) => `GET / HTTP/1.1\r\n${h}Host: b.example\r\n\r\n`,
  "another host in the target": (h) => `GET http://b.example/ HTTP/1.1\r\n${h}\r\n`,
  "CONNECT": (h) => `CONNECT a.example:443 HTTP/1.1\r\n${h}\r\n`,
  "HTTP/2 with prior knowledge": () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "a huge head": (h) => `GET / HTTP/1.1\r\n${h}A: ${"b".repeat(70_000)}\r\n\r\n`,
};

Deno.test("what two servers could read differently is answered 4xx or 5xx and never forwarded", async () => {
  const requests: string[] = [];
  await between(async (peer) => {
    requests.push(await peer.until("\r\n\r\n"));
  }, async (role, upstream) => {
    for (const [what, build] of Object.entries(SMUGGLING)) {
      const answer = await exchangeText(role, build(host(upstream)));
      assert.match(answer, /^HTTP\/1\.1 (400|431|501|505) /, what);
      assert.match(answer, /\r\nConnection: close\r\n/, what);
      assert.equal(answer.match(/HTTP\/1\.1/g)?.length, 1, what);
    }
    assert.deepEqual(requests, []);
    assert.equal(role.logs.filter((line) => line.reason === "malformed").length, 15);
    assert.equal(role.logs.filter((line) => line.reason === "method").length, 1);
  });
});

for (const chunk of ["5\nhello\r\n", "g\r\n", "5\r\nhelloX\r\n", "-5\r\n", "5;\x01\r\nhello\r\n"]) {
  Deno.test(`the chunk ${JSON.stringify(chunk)} ends the request with 400`, async () => {
    await between(async ({ until, conn }) => {
      await until("\r\n\r\n");
      await readAll(conn);
    }, async (role, upstream) => {
      const answer = await exchangeText(
        role,
        `POST / HTTP/1.1\r\n${host(upstream)}Transfer-Encoding: chunked\r\n\r\n${chunk}`,
      );
      assert.match(answer, /^HTTP\/1\.1 400 /);
      assert.equal((await role.log((line) => line.status === 400)).error, "request_body");
    });
  });
}

Deno.test("pipelined requests are answered in order, over one upstream connection", async () => {
  await between(echoLine, async (role, upstream) => {
    const h = host(upstream);
    const answer = await exchangeText(
      role,
      `GET /1 HTTP/1.1\r\n${h}\r\nPOST /2 HTTP/1.1\r\n${h}Content-Length: 2\r\n\r\nhi` +
        `GET /3 HTTP/1.1\r\n${h}Connection: close\r\n\r\n`,
    );
    assert.deepEqual(answer.match(/(GET|POST) \/\d/g), ["GET /1", "POST /2", "GET /3"]);
    assert.equal(upstream.accepted, 1);
    assert.equal(role.judged.length, 1, "a held verdict is not asked for again");
  });
});

Deno.test("hop-by-hop fields do not travel; chunks are framed anew; trailers do travel", async () => {
  await between(async ({ until, send }) => {
    const head = await until("\r\n\r\n");
    assert.doesNotMatch(head, /keep-alive|x-hop|connection/i);
    assert.equal(await until("\r\n\r\n"), "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n");
    await send(
      "HTTP/1.1 200 OK\r\nKeep-Alive: 5\r\nTransfer-Encoding: chunked\r\n\r\n" +
        "3;x=y\r\nabc\r\n0\r\nX-Out: 2\r\n\r\n",
    );
    await until("never");
  }, async (role, upstream) => {
    const { send, until, conn } = await rawTcp(role);
    await send(
      `POST / HTTP/1.1\r\n${host(upstream)}Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\n` +
        "Transfer-Encoding: chunked\r\n\r\n5;ext\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
    );
    assert.doesNotMatch(await until("\r\n\r\n"), /keep-alive/i);
    assert.equal(await until("\r\n\r\n"), "3\r\nabc\r\n0\r\nX-Out: 2\r\n\r\n");
    conn.close();
  });
});

Deno.test("Expect: 100-continue and other interim responses pass", async () => {
  await between(async ({ until, exactly, send }) => {
    assert.match(await until("\r\n\r\n"), /Expect: 100-continue/);
    await send("HTTP/1.1 100 Continue\r\n\r\n");
    assert.equal(await exactly(4), "body");
    await send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
    await send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    await until("never");
  }, async (role, upstream) => {
    const { send, until, conn } = await rawTcp(role);
    await send(
      `PUT / HTTP/1.1\r\n${host(upstream)}Expect: 100-continue\r\nContent-Length: 4\r\n\r\n`,
    );
    assert.match(await until("\r\n\r\n"), /^HTTP\/1.1 100 /);
    await send("body");
    assert.match(await until("\r\n\r\n"), /^HTTP\/1.1 103 .*\r\nLink: x/s);
    assert.match(await until("\r\n\r\n"), /^HTTP\/1.1 200 /);
    conn.close();
  });
});

Deno.test("HEAD, 204 and 304 have no body, and the connection goes on", async () => {
  await between(async ({ until, send }) => {
    await until("\r\n\r\n");
    await send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
    await until("\r\n\r\n");
    await send("HTTP/1.1 204 No Content\r\n\r\n");
    await until("\r\n\r\n");
    await send("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n");
    await until("\r\n\r\n");
    await send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlast");
    await until("never");
  }, async (role, upstream) => {
    const { send, until, conn } = await rawTcp(role);
    for (const [method, status] of [["HEAD", "200"], ["GET", "204"], ["GET", "304"]] as const) {
      await send(`${method} / HTTP/1.1\r\n${host(upstream)}\r\n`);
      assert.match(await until("\r\n\r\n"), new RegExp(`^HTTP/1.1 ${status}`));
    }
    await send(`GET / HTTP/1.1\r\n${host(upstream)}\r\n`);
    await until("last");
    conn.close();
  });
});

Deno.test("a response that ends with its connection ends the client's", async () => {
  await between(async ({ until, send }) => {
    await until("\r\n\r\n");
    await send("HTTP/1.0 200 OK\r\n\r\nto the end");
  }, async (role, upstream) => {
    const answer = await exchangeText(role, `GET / HTTP/1.1\r\n${host(upstream)}\r\n`);
    assert.match(answer, /Connection: close\r\n\r\nto the end$/);
  });
});

Deno.test("an HTTP/1.0 client gets no chunks", async () => {
  await between(async ({ until, send }) => {
    await until("\r\n\r\n");
    await send(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    );
    await until("never");
  }, async (role, upstream) => {
    const answer = await exchangeText(role, `GET / HTTP/1.0\r\n${host(upstream)}\r\n`);
    assert.match(answer, /Connection: close\r\n\r\nabcde$/);
  });
});

Deno.test("a truncated response is not passed off as whole", async () => {
  await between(async ({ until, send }) => {
    await until("\r\n\r\n");
    await send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  }, async (role, upstream) => {
    const answer = await exchangeText(role, `GET / HTTP/1.1\r\n${host(upstream)}\r\n`)
      .catch(() => "reset");
    assert.doesNotMatch(answer, /0\r\n\r\n$/);
    const line = await role.log((event) => event.type === "http");
    assert.equal(line.error, "aborted");
  });
});

Deno.test("an early response reaches a client that is still sending", async () => {
  await between(async ({ until, send, conn }) => {
    await until("\r\n\r\n");
    await send("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
    conn.close();
  }, async (role, upstream) => {
    const { send, until, conn } = await rawTcp(role);
    await send(`POST / HTTP/1.1\r\n${host(upstream)}Content-Length: 1000000\r\n\r\nabc`);
    const head = await until("\r\n\r\n");
    assert.match(head, /^HTTP\/1.1 413 .*Connection: close/s);
    await until("big");
    conn.close();
  });
});

Deno.test("a client that has half-closed still gets its response", async () => {
  await between(echoLine, async (role, upstream) => {
    const { send, conn } = await rawTcp(role);
    await send(`GET /half HTTP/1.1\r\n${host(upstream)}\r\n`);
    await conn.closeWrite();
    assert.match(await readAll(conn), /GET \/half/);
    conn.close();
  });
});

Deno.test("an aborted upload is aborted upstream too", async () => {
  const ended = Promise.withResolvers<string>();
  await between(async ({ until, conn }) => {
    await until("\r\n\r\n");
    ended.resolve(await readAll(conn).catch((error) => error.name));
  }, async (role, upstream) => {
    const { send, conn } = await rawTcp(role);
    await send(`POST / HTTP/1.1\r\n${host(upstream)}Content-Length: 1000\r\n\r\nabc`);
    conn.close();
    assert.ok((await ended.promise).length < 1000);
  });
});

Deno.test("a client that goes away while it waits takes its upstream with it", async () => {
  const asked = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  await between(async ({ until, conn }) => {
    await until("\r\n\r\n");
    asked.resolve();
    await readAll(conn).catch(() => "");
    gone.resolve();
  }, async (role, upstream) => {
    const client = resettingClient(role, `GET /slow HTTP/1.1\r\n${host(upstream)}\r\n`);
    await asked.promise;
    client.kill("SIGKILL");
    await client.status;
    await gone.promise;
  });
});

/** A client that resets its connection when it is killed: unread data does that. */
function resettingClient(role: Role, text: string) {
  const script = `import socket,sys,struct,time
s=socket.create_connection(("127.0.0.1",${role.frontPort}))
s.setsockopt(socket.SOL_SOCKET,socket.SO_LINGER,struct.pack("ii",1,0))
s.sendall(sys.argv[1].encode()); time.sleep(60)`;
  return new Deno.Command("python3", { args: ["-c", script, text] }).spawn();
}

Deno.test("a stale upstream connection is replaced for a safe request", async () => {
  let count = 0;
  await between(async ({ until, send }) => {
    await until("\r\n\r\n");
    await send(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${++count}`);
    // The next request finds this connection closed.
    if (count === 1) await until("\r\n\r\n");
  }, async (role, upstream) => {
    const { send, until, conn } = await rawTcp(role);
    await send(`GET /1 HTTP/1.1\r\n${host(upstream)}\r\n`);
    await until("\r\n\r\n1");
    await send(`GET /2 HTTP/1.1\r\n${host(upstream)}\r\n`);
    await until("\r\n\r\n2");
    assert.equal(upstream.accepted, 2);
    conn.close();
  });
});

Deno.test("a WebSocket is tunnelled after its judged handshake; h2c is not", async () => {
  await between(async ({ until, send }) => {
    const head = await until("\r\n\r\n");
    if (/h2c/.test(head)) return;
    if (!/Upgrade: websocket/.test(head)) {
      return await send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno");
    }
    await send("HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhi");
    await send(`[${await until("!")}]`);
  }, async (role, upstream) => {
    const upgrade = (name: string) =>
      `GET /ws HTTP/1.1\r\n${host(upstream)}Connection: Upgrade\r\nUpgrade: ${name}\r\n\r\n`;
    const { send, until, conn } = await rawTcp(role);
    await send(upgrade("websocket"));
    assert.match(await until("\r\n\r\n"), /^HTTP\/1.1 101 .*Upgrade: websocket/s);
    await until("hi");
    await role.open((event) => event.status === 101);
    await send("ping!");
    await until("[ping!]");
    conn.close();
    const line = await role.log((event) => event.status === 101);
    assert.ok(line.bytes_up! > 5 && line.bytes_down! > 9);
    const other = await rawTcp(role);
    await other.send(upgrade("h2c"));
    await other.until("\r\n\r\nno");
    other.conn.close();
  });
});

Deno.test("a slow reader holds its server back", async () => {
  const size = 64 * 1024 * 1024;
  let sent = 0;
  await between(async ({ until, conn, send }) => {
    await until("\r\n\r\n");
    await send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
    const piece = new Uint8Array(65536);
    while (sent < size) sent += await conn.write(piece);
  }, async (role, upstream) => {
    const { send, until, conn } = await rawTcp(role);
    await send(`GET / HTTP/1.1\r\n${host(upstream)}\r\n`);
    await until("\r\n\r\n");
    // Others are served meanwhile, and what is buffered stays what the kernel buffers.
    for (let i = 0; i < 20; i++) await role.status();
    assert.ok(sent < size / 2, `${sent} bytes were taken from the server`);
    const { rssBytes } = await role.status();
    assert.ok(rssBytes! < 200 * 1024 * 1024, `${rssBytes} bytes`);
    conn.close();
  });
});
