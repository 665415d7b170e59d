import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
// @ts-types="../layers/dns_packet.d.ts"
import packet from "dns-packet";
import { Resolver } from "./resolver.ts";

interface Query extends packet.Packet {
  questions: { name: string }[];
}

/** A nameserver by UDP and TCP that answers with flags and addresses; truncated means none by UDP. */
function nameserver(answer: { flags: number; ips: string[] }) {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = socket.addr as Deno.NetAddr;
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  const asked: string[] = [];
  const respond = (bytes: Uint8Array, transport: "udp" | "tcp") => {
    const query = packet.decode(Buffer.from(bytes)) as Query;
    asked.push(transport);
    const { name } = query.questions[0]!;
    const answers = answer.ips.map((data) => ({ type: "A", name, ttl: 60, data }));
    const truncated = transport === "udp" && (answer.flags & 0x200) !== 0;
    const flags = transport === "udp" ? answer.flags : answer.flags & ~0x200;
    const message = { ...query, type: "response", flags, answers: truncated ? [] : answers };
    return new Uint8Array(packet.encode(message as packet.Packet));
  };
  (async () => {
    for await (const [bytes, from] of socket) await socket.send(respond(bytes, "udp"), from);
  })();
  (async () => {
    for await (const conn of listener) {
      const buffer = new Uint8Array(512);
      await conn.read(buffer);
      const bytes = respond(buffer.subarray(2), "tcp");
      await conn.write(Uint8Array.of(bytes.length >> 8, bytes.length & 255, ...bytes));
      conn.close();
    }
  })();
  return {
    asked,
    address: `127.0.0.1:${port}`,
    [Symbol.dispose]() {
      socket.close();
      listener.close();
    },
  };
}

Deno.test("a truncated answer is asked for by TCP", async () => {
  using server = nameserver({ flags: 0x8380, ips: ["192.0.2.1"] });
  const { ips } = await new Resolver([server.address]).resolve("a.example");
  assert.deepEqual([ips, server.asked], [["192.0.2.1"], ["udp", "tcp"]]);
});

Deno.test("a nameserver that fails is passed over; one that knows no such name is believed", async () => {
  using failing = nameserver({ flags: 0x8182, ips: [] });
  using good = nameserver({ flags: 0x8180, ips: ["192.0.2.2"] });
  using denying = nameserver({ flags: 0x8183, ips: [] });
  const first = await new Resolver([failing.address, good.address]).resolve("a.example");
  assert.deepEqual(first.ips, ["192.0.2.2"]);
  const second = await new Resolver([denying.address, good.address]).resolve("a.example");
  assert.deepEqual(second.ips, []);
});

Deno.test("what is asked at once is asked once, and this machine's own addresses are no answer", async () => {
  using server = nameserver({ flags: 0x8180, ips: ["127.0.0.1", "0.0.0.0", "169.254.1.1"] });
  const resolver = new Resolver([server.address]);
  const all = await Promise.all([1, 2, 3].map(() => resolver.resolve("a.example")));
  assert.deepEqual(all.map(({ ips }) => ips), [[], [], []]);
  assert.deepEqual(server.asked, ["udp"]);
});

Deno.test("text that is no name is not asked for", async () => {
  using server = nameserver({ flags: 0x8180, ips: ["192.0.2.1"] });
  const resolver = new Resolver([server.address]);
  for (const name of ["", "a..example", `${"x".repeat(64)}.example`]) {
    assert.deepEqual((await resolver.resolve(name)).ips, []);
  }
  assert.deepEqual(server.asked, []);
});
