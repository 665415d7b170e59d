/** Answers of every shape, on their way from a resolver to dig. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { between, dig, NAME, type Query, response, type Script } from "./dns_world.ts";

/** `count` A records of a name. */
function addresses(name: string, count: number) {
  return Array.from({ length: count }, (_, i) => (
    { type: "A", name, ttl: 60, data: `192.0.2.${i % 256}` }
  ));
}

/** `a.example` is an alias of `b1.example`, that of `b2.example` and so on, the last has an address. */
function aliases(count: number): object[] {
  const name = (i: number) => i === 0 ? NAME : `b${i}.example`;
  return [
    ...Array.from({ length: count }, (_, i) => (
      { type: "CNAME", name: name(i), ttl: 60 - i, data: name(i + 1) }
    )),
    { type: "A", name: name(count), ttl: 99, data: "192.0.2.7" },
  ];
}

const always = (answers: object[]): Script => (query) => [response(query, { answers })];

Deno.test("EDNS: the size goes on to the resolver, a client's options stay here", async () => {
  const script = always(addresses(NAME, 1));
  await between(script, async (role, server) => {
    const options = ["+bufsize=1232", "+subnet=203.0.113.0/24", "+cookie=0123456789abcdef"];
    assert.match(await dig(role, ...options, NAME), /status: NOERROR/);
    const [edns] = server.queries[0]!.additionals!;
    assert.deepEqual([edns?.type, edns?.udpPayloadSize, edns?.options], ["OPT", 1232, []]);
    assert.match(await dig(role, "+noedns", NAME), /status: NOERROR/);
    assert.deepEqual(server.queries[1]!.additionals, []);
  });
});

Deno.test("a truncated answer is asked for again by TCP, and judged again", async () => {
  const script: Script = (query, transport) =>
    transport === "udp"
      ? [response(query, { flags: 0x8380, answers: [] })]
      : always(addresses(NAME, 3))(query, transport);
  await between(script, async (role, server) => {
    const got = await dig(role, "+short", NAME);
    assert.deepEqual(got.match(/^192\.0\.2\.\d+$/gm), ["192.0.2.0", "192.0.2.1", "192.0.2.2"]);
    assert.deepEqual(server.asked, ["a.example A", "a.example A"]);
    assert.equal(role.judged.length, 2);
    assert.equal(role.lookups.length, 1);
  });
});

Deno.test("a chain of ten aliases leads to its address", async () => {
  await between(always(aliases(10)), async (role) => {
    assert.equal((await dig(role, "+short", NAME)).trim().split("\n").length, 11);
    assert.deepEqual(role.lookups, [{ name: NAME, ips: ["192.0.2.7"], ttl: 51 }]);
  });
});

Deno.test("aliases in a circle, and records that are not of the name, lead nowhere", async () => {
  const circle = [
    { type: "CNAME", name: NAME, ttl: 60, data: "b.example" },
    { type: "CNAME", name: "b.example", ttl: 60, data: NAME },
    ...addresses("stray.example", 1),
  ];
  await between(always(circle), async (role) => {
    assert.match(await dig(role, NAME), /status: NOERROR/);
    assert.deepEqual(role.lookups, []);
    const line = await role.log((event) => event.type === "dns_response");
    assert.deepEqual(line.answers, []);
  });
});

Deno.test("many answers fit where EDNS or TCP gives them room", async () => {
  await between(always(addresses(NAME, 200)), async (role) => {
    const by = async (...options: string[]) =>
      (await dig(role, "+short", ...options, NAME)).trim().split("\n").length;
    assert.equal(await by("+bufsize=4096"), 200);
    assert.equal(await by("+tcp"), 200);
    assert.equal(role.lookups.at(-1)?.ips.length, 200);
  });
});

Deno.test("an answer that does not fit the client's size is truncated", async () => {
  await between(always(addresses(NAME, 200)), async (role) => {
    const got = await dig(role, "+ignore", "+noedns", NAME);
    assert.match(got, /flags: qr tc[^;]*; QUERY: 1, ANSWER: 0/);
    assert.deepEqual(role.lookups, []);
  });
});

Deno.test("IPv6 beside the answer is taken out, and the rest still fits without EDNS", async () => {
  // A resolver compresses names, so that this fits 512 bytes there.
  const servers = Array.from({ length: 8 }, (_, i) => `ns${i}.a-rather-long-name.example`);
  const script: Script = (query: Query) => [response(query, {
    answers: addresses(NAME, 2),
    authorities: servers.map((data) => ({ type: "NS", name: "example", ttl: 60, data })),
    additionals: servers.map((name) => ({ type: "AAAA", name, ttl: 60, data: "2001:db8::1" })),
  })];
  await between(script, async (role) => {
    const got = await dig(role, "+ignore", "+noedns", NAME);
    assert.match(got, /flags: qr rd ra; QUERY: 1, ANSWER: 2/);
    assert.doesNotMatch(got, /AAAA|2001:db8/);
  });
});

for (const type of ["AAAA", "HTTPS", "SVCB"]) {
  Deno.test(`${type} records in an answer to another question are taken out`, async () => {
    const raw = {
      AAAA: "2001:db8::1",
      HTTPS: Buffer.from([0, 1, 0]),
      SVCB: Buffer.from([0, 1, 0]),
    };
    const numbers = { AAAA: "AAAA", HTTPS: "UNKNOWN_65", SVCB: "UNKNOWN_64" };
    const name = type as keyof typeof raw;
    const record = { type: numbers[name], name: NAME, ttl: 60, data: raw[name] };
    await between(always([record, ...addresses(NAME, 1)]), async (role) => {
      assert.equal(await dig(role, "+short", NAME), "192.0.2.0\n");
    });
  });
}

Deno.test("an error of the resolver is passed on as it is", async () => {
  const script: Script = (query) => [response(query, { flags: 0x8183, answers: [] })];
  await between(script, async (role) => {
    assert.match(await dig(role, NAME), /status: NXDOMAIN/);
    assert.equal((await role.log((event) => event.type === "dns_response")).status, 3);
  });
});
