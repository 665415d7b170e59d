import assert from "node:assert/strict";
// @ts-types="../../src/proxy/layers/dns_packet.d.ts"
import packet from "dns-packet";
import { ALLOW, DENY } from "./harness.ts";
import { between, chain, dig, NAME, response, type Script } from "./dns_world.ts";

Deno.test("an allowed lookup is forwarded; its addresses are told before the client has them", async () => {
  await between(chain, async (role, server) => {
    const got = await dig(role, "+short", "A.eXample", "A");
    assert.equal(got, "cdn.example.\n192.0.2.1\n192.0.2.2\n");
    assert.deepEqual(role.lookups, [{ name: NAME, ips: ["192.0.2.1", "192.0.2.2"], ttl: 30 }]);
    const line = await role.log((event) => event.type === "dns_response");
    assert.deepEqual(line.answers, ["192.0.2.1", "192.0.2.2"]);
    assert.deepEqual(server.asked, ["A.eXample A"]);
  });
});

Deno.test("AAAA and HTTPS are answered empty without asking, refused names with REFUSED", async () => {
  await between(chain, async (role, server) => {
    for (const type of ["AAAA", "TYPE65", "TYPE64"]) {
      assert.match(await dig(role, NAME, type), /status: NOERROR[^]*ANSWER: 0/);
    }
    assert.match(await dig(role, "secret.evil.example", "A"), /status: REFUSED/);
    assert.match(await dig(role, NAME, "ANY", "+notcp"), /status: REFUSED/);
    const line = await role.log((event) => event.policy === "deny");
    assert.equal(line.name, "secret.evil.example");
    assert.deepEqual(server.asked, []);
  }, { judge: (event) => event.name === NAME ? ALLOW : DENY });
});

Deno.test("by TCP, every message is judged", async () => {
  await between(chain, async (role, server) => {
    assert.match(await dig(role, "+tcp", "+short", NAME), /192\.0\.2\.1/);
    assert.match(await dig(role, "+tcp", "evil.example"), /status: REFUSED/);
    assert.deepEqual(server.asked, ["a.example A"]);
  }, { judge: (event) => event.name === NAME ? ALLOW : DENY });
});

Deno.test("a truncated answer makes the client ask by TCP", async () => {
  const script: Script = (query) => [response(query, { flags: 0x8380, answers: [] })];
  await between(script, async (role) => {
    assert.match(await dig(role, "+ignore", NAME), /flags: qr tc/);
    assert.deepEqual(role.lookups, []);
  });
});

Deno.test("answers that do not fit the question are ignored, and the right one is waited for", async () => {
  const script: Script = (query, transport) => [
    response({ ...query, id: query.id ^ 1 }, { answers: [] }),
    response({ ...query, questions: [{ name: "b.example", type: "A" }] }, { answers: [] }),
    ...chain(query, transport),
  ];
  await between(script, async (role) => {
    assert.match(await dig(role, "+short", NAME), /192\.0\.2\.1/);
  });
});

Deno.test("a resolver that does not answer is SERVFAIL", async () => {
  await between(() => [], async (role) => {
    assert.match(await dig(role, NAME), /status: SERVFAIL/);
    const line = await role.log((event) => event.type === "dns_response");
    assert.equal(line.error, "resolver_timeout");
  });
});

Deno.test("a thousand queries at once are all answered", async () => {
  await between(chain, async (role) => {
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const to = { transport: "udp", hostname: "127.0.0.1", port: role.dnsPort } as const;
    const open = new Set<number>();
    const ask = (id: number) =>
      socket.send(
        new Uint8Array(packet.encode(
          { type: "query", id, questions: [{ type: "A", name: NAME }] } as packet.Packet,
        )),
        to,
      );
    for (let id = 0; id < 1000; id++) {
      open.add(id);
      await ask(id);
    }
    // Datagrams may be lost in a full socket buffer, as anywhere: they are sent again.
    const again = setInterval(() => [...open].slice(0, 100).forEach(ask), 500);
    try {
      while (open.size > 0) {
        const [bytes] = await socket.receive();
        open.delete(bytes[0]! << 8 | bytes[1]!);
      }
    } finally {
      clearInterval(again);
      socket.close();
    }
  });
});
