import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
// @ts-types="../../src/proxy/layers/dns_packet.d.ts"
import packet from "dns-packet";
import { curl, rawTcp, run } from "./clients.ts";
import { ALLOW, ALLOW_ONCE, DENY, readAll } from "./harness.ts";
import { between, get, HOST } from "./tls_world.ts";
import { echoLine, UPSTREAM_CA } from "./upstream.ts";

/** A resolver that knows one address for every name. */
function nameserver(ip: string) {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  (async () => {
    for await (const [bytes, from] of socket) {
      const query = packet.decode(Buffer.from(bytes)) as { questions?: { name: string }[] };
      const { name } = query.questions![0]!;
      const answers = [{ type: "A", name, ttl: 60, data: ip }];
      await socket.send(
        new Uint8Array(packet.encode({ ...query, type: "response", answers } as packet.Packet)),
        from,
      );
    }
  })();
  return {
    address: `127.0.0.1:${(socket.addr as Deno.NetAddr).port}`,
    [Symbol.dispose]: () => socket.close(),
  };
}

Deno.test("openssl accepts the leaf in strict mode, ALPN chosen", async () => {
  await between(async (role) => {
    const got = await run("openssl", [
      ...["s_client", "-connect", `127.0.0.1:${role.frontPort}`, "-servername", HOST, "-alpn"],
      ...["h2,http/1.1", "-CAfile", role.caFile, "-x509_strict", "-verify_return_error"],
      ...["-verify_hostname", HOST],
    ]);
    assert.match(got.out, /Verify return code: 0/);
    assert.match(got.out, /ALPN protocol: http\/1.1/);
  });
});

Deno.test("a python client accepts the leaf", async () => {
  await between(async (role, upstream) => {
    const python = `import ssl,socket,sys
c=ssl.create_default_context(cafile=sys.argv[1])
s=c.wrap_socket(socket.create_connection(("127.0.0.1",${role.frontPort})),server_hostname="${HOST}")
s.sendall(b"GET /py HTTP/1.1\\r\\nHost: ${HOST}:${upstream.port}\\r\\nConnection: close\\r\\n\\r\\n")
print(s.recv(4096).decode())`;
    assert.match((await run("python3", ["-c", python, role.caFile])).out, /GET \/py/);
  });
});

Deno.test("a Host that is not the SNI is misdirected, never forwarded", async () => {
  await between(async (role, upstream) => {
    for (const host of [`b.example:${upstream.port}`, "b.example", `${HOST}:1`]) {
      const got = await get(role, upstream, "-H", `Host: ${host}`);
      assert.equal(got.status, 421, host);
    }
    assert.equal((await get(role, upstream, "-H", `Host: A.EXAMPLE.`)).status, 200);
    const line = await role.log((event) => event.reason === "host_mismatch");
    assert.equal(line.status, 421);
  });
});

Deno.test("in audit mode a Host that is not the SNI passes, and the log denies it", async () => {
  await between(async (role, upstream) => {
    assert.equal((await get(role, upstream, "-H", "Host: b.example")).status, 200);
    const line = await role.log((event) => event.type === "https");
    assert.deepEqual([line.policy, line.reason, line.status], ["deny", "host_mismatch", 200]);
  }, { boot: { audit: true, upstreamCas: [UPSTREAM_CA] } });
});

Deno.test("in audit mode a denied request passes, and the log denies it", async () => {
  await between(async (role, upstream) => {
    assert.equal((await get(role, upstream)).status, 200);
    const line = await role.log((event) => event.type === "https");
    assert.deepEqual([line.policy, line.reason, line.hint], ["deny", "no_rule", "the hint"]);
  }, { judge: () => ({ ...DENY, pass: true, destination: "unknown" }), boot: { audit: true } });
});

Deno.test("DNS over HTTPS is refused unless a URL rule names it", async () => {
  const options = [
    ["-H", "Accept: application/dns-json"],
    ["-H", "Content-Type: application/dns-message", "-d", "x"],
  ];
  await between(async (role, upstream) => {
    for (const option of options) {
      assert.equal((await get(role, upstream, ...option)).status, 403);
    }
    const url = `https://${HOST}:${upstream.port}/dns-query?dns=AAAB`;
    assert.equal((await curl(role, url)).status, 403);
    assert.equal(role.logs.filter((event) => event.reason === "doh").length, 3);
  });
  await between(async (role, upstream) => {
    for (const option of options) {
      assert.equal((await get(role, upstream, ...option)).status, 200);
    }
  }, { judge: () => ALLOW_ONCE });
});

Deno.test("an upstream that cannot be reached is answered 502", async () => {
  await between(async (role, upstream) => {
    upstream.listener.close();
    assert.equal((await get(role, upstream)).status, 502);
    assert.equal((await role.log((event) => event.type === "https")).error, "upstream_unreachable");
  });
});

Deno.test("a client without SNI is intercepted as its address", async () => {
  await between(
    async (role, upstream) => {
      const got = await curl(role, `https://127.0.0.1:${upstream.port}/ip`);
      assert.equal(got.body, "GET /ip HTTP/1.1", got.error);
      assert.equal(role.judged[0]!.host, undefined);
    },
    {},
    echoLine,
    "127.0.0.1",
  );
});

Deno.test("passthrough shows the upstream's own certificate and is logged at its end", async () => {
  await between(async (role, upstream) => {
    const ca = `${role.folder}/upstream.pem`;
    Deno.writeTextFileSync(ca, UPSTREAM_CA);
    const got = await get(role, upstream, "--cacert", ca);
    assert.equal(got.status, 200, got.error);
    const line = await role.log((event) => event.type === "https");
    assert.deepEqual([line.passthrough, line.host, line.policy], [true, HOST, "allow"]);
    assert.ok(line.bytes_up! > 100 && line.bytes_down! > 100);
  }, { judge: () => ({ ...ALLOW, passthrough: true }) });
});

Deno.test("passthrough needs an address that a lookup of the name gave", async () => {
  using other = nameserver("192.0.2.1");
  await between(async (role, upstream) => {
    assert.notEqual((await get(role, upstream)).code, 0);
    const line = await role.log((event) => event.type === "https");
    assert.equal(line.reason, "unresolved_destination");
    assert.equal(upstream.accepted, 0);
    assert.deepEqual(role.lookups.map((lookup) => lookup.ips), [["192.0.2.1"]]);
  }, {
    judge: () => ({ ...ALLOW, passthrough: true, destination: "unknown" }),
    boot: { nameservers: [other.address] },
  });
});

const OWN_ADDRESS = Deno.networkInterfaces()
  .find((net) => net.family === "IPv4" && !net.address.startsWith("127."))?.address;

Deno.test("an address that only the client chose is not contacted for a name", async () => {
  assert.ok(
    OWN_ADDRESS,
    "this machine needs an IPv4 address besides loopback: ip addr add ADDRESS dev DEVICE",
  );
  using real = nameserver(OWN_ADDRESS!);
  await between(async (role, upstream) => {
    const got = await get(role, upstream);
    assert.equal(got.status, 200, got.body);
    assert.equal((await role.log((event) => event.type === "https")).dst_ip, OWN_ADDRESS);
    assert.deepEqual(role.lookups, [{ name: HOST, ips: [OWN_ADDRESS], ttl: 60 }]);
  }, {
    // Where nobody answers: contacting it would time out.
    destination: "192.0.2.66",
    judge: () => ({ ...ALLOW, destination: "unknown" }),
    boot: { nameservers: [real.address] },
  });
});

Deno.test("a name that leads to this machine itself is not followed", async () => {
  using local = nameserver("127.0.0.1");
  await between(async (role, upstream) => {
    assert.equal((await get(role, upstream)).status, 502);
    assert.equal(upstream.accepted, 0);
    assert.deepEqual(role.lookups, []);
  }, {
    judge: () => ({ ...ALLOW, destination: "unknown" }),
    boot: { nameservers: [local.address] },
  });
});

Deno.test("a ClientHello in many small pieces is understood", async () => {
  await between(async (role, upstream) => {
    const python = `import ssl,socket,sys
c=ssl.create_default_context(cafile=sys.argv[1])
i,o=ssl.MemoryBIO(),ssl.MemoryBIO()
t=c.wrap_bio(i,o,server_hostname="${HOST}")
s=socket.create_connection(("127.0.0.1",${role.frontPort})); s.setsockopt(6,1,1)
while True:
  try: t.do_handshake(); break
  except ssl.SSLWantReadError: pass
  for b in o.read(): s.sendall(bytes([b]))
  i.write(s.recv(65536))
for b in o.read(): s.sendall(bytes([b]))
t.write(b"GET /slow HTTP/1.1\\r\\nHost: ${HOST}:${upstream.port}\\r\\n\\r\\n"); s.sendall(o.read())
r=b""
while b"slow" not in r:
  i.write(s.recv(65536))
  try: r+=t.read()
  except ssl.SSLWantReadError: pass
print(r.decode())`;
    const got = await run("python3", ["-c", python, role.caFile]);
    assert.match(got.out, /GET \/slow/, got.error);
  });
});

Deno.test("TLS that is no ClientHello is malformed", async () => {
  await between(async (role, upstream) => {
    const { conn, send } = await rawTcp(role);
    await send("\x16\x03\x01\x00\x04\x02\x00\x00\x00");
    await readAll(conn).catch(() => "");
    conn.close();
    assert.equal((await role.log((event) => event.type === "https")).reason, "malformed");
    assert.equal(upstream.accepted, 0);
  });
});

Deno.test("a truncated response shows as truncated TLS", async () => {
  await between(
    async (role, upstream) => {
      const got = await get(role, upstream);
      assert.notEqual(got.code, 0, "curl must notice");
      assert.equal((await role.log((event) => event.type === "https")).error, "aborted");
    },
    {},
    async ({ until, send }) => {
      await until("\r\n\r\n");
      await send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    },
  );
});
