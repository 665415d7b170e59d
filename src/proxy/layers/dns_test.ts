import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
// @ts-types="./dns_packet.d.ts"
import packet from "dns-packet";
import { AnswerError, readAnswer } from "./dns_answer.ts";
import { encodeEmpty, encodeLookup, encodeQuery, parseQuery, QueryError } from "./dns_query.ts";

const ID = 0x1234;
const query = (message: object) =>
  new Uint8Array(packet.encode({ type: "query", id: ID, flags: 256, ...message } as packet.Packet));
const asked = query({ questions: [{ type: "A", name: "A.eXample" }] });
const question = asked.slice(12);

function answer(message: object, id = ID) {
  const base = { type: "response", id, questions: [{ type: "A", name: "A.eXample" }] };
  return new Uint8Array(packet.encode({ ...base, ...message } as packet.Packet));
}

const read = (bytes: Uint8Array) => readAnswer(bytes, question, ID, "a.example");

Deno.test("a query is read and written anew, its spelling kept, EDNS options dropped", () => {
  const parsed = parseQuery(query({
    questions: [{ type: "A", name: "A.eXample" }],
    additionals: [{
      ...{ type: "OPT", name: ".", udpPayloadSize: 9000, flags: 0x8000 },
      options: [{ code: 65001, data: Buffer.from("secret") }],
    }],
  }));
  assert.ok(!(parsed instanceof QueryError));
  assert.deepEqual([parsed.name, parsed.type], ["a.example", 1]);
  assert.deepEqual(parsed.edns, { udpSize: 4096, dnssecOk: true });
  const written = encodeQuery(parsed, 7);
  assert.ok(!Buffer.from(written).includes("secret"));
  assert.deepEqual(written.subarray(12, 12 + question.length), question);
});

Deno.test("what is no single question of a host name is not relayed", () => {
  const rcode = (bytes: Uint8Array) => {
    const parsed = parseQuery(bytes);
    return parsed instanceof QueryError ? parsed.rcode : "accepted";
  };
  const one = { type: "A", name: "a.example" };
  assert.equal(rcode(query({ questions: [one, one] })), 1);
  assert.equal(rcode(query({ questions: [] })), 1);
  assert.equal(rcode(query({ questions: [{ type: "ANY", name: "a.example" }] })), 5);
  assert.equal(rcode(query({ questions: [{ type: "AXFR", name: "a.example" }] })), 5);
  assert.equal(rcode(query({ questions: [{ ...one, class: "CH" }] })), 5);
  assert.equal(rcode(answer({})), undefined);
  const update = query({ questions: [one] });
  update[2] = 5 << 3;
  assert.equal(rcode(update), 4);
  const dotted = Uint8Array.from([...asked.subarray(0, 12), 3, 97, 46, 98, 0, 0, 1, 0, 1]);
  assert.equal(rcode(dotted), 5, "a dot within a label");
  assert.equal(rcode(asked.subarray(0, 20)), 1);
  const pointer = Uint8Array.from([...asked.subarray(0, 12), 0xc0, 12, 0, 1, 0, 1]);
  assert.equal(rcode(pointer), 1);
});

Deno.test("addresses are those at the end of the CNAME chain", () => {
  const result = read(answer({
    answers: [
      { type: "CNAME", name: "a.example", ttl: 9, data: "B.example" },
      { type: "A", name: "b.example", ttl: 60, data: "192.0.2.1" },
      { type: "A", name: "stray.example", ttl: 60, data: "192.0.2.9" },
    ],
  }));
  assert.ok(!(result instanceof AnswerError));
  assert.deepEqual([result.ips, result.ttl], [["192.0.2.1"], 9]);
});

Deno.test("answers that do not fit the question are dropped", () => {
  assert.ok(read(answer({}, ID + 1)) instanceof AnswerError);
  assert.ok(read(answer({ questions: [{ type: "A", name: "a.example" }] })) instanceof AnswerError);
  assert.ok(
    read(answer({ questions: [{ type: "TXT", name: "A.eXample" }] })) instanceof AnswerError,
  );
  assert.ok(read(asked) instanceof AnswerError);
  assert.ok(read(answer({}).subarray(0, 15)) instanceof AnswerError);
});

Deno.test("IPv6, ECH and QUIC hints are removed from every section", () => {
  const aaaa = { type: "AAAA", name: "a.example", ttl: 5, data: "2001:db8::1" };
  const https = { type: "UNKNOWN_65", name: "a.example", ttl: 5, data: Buffer.from([0, 1, 0]) };
  const a = { type: "A", name: "a.example", ttl: 5, data: "192.0.2.1" };
  const result = read(answer({ answers: [aaaa, a, https], additionals: [aaaa] }));
  assert.ok(!(result instanceof AnswerError));
  const kept = packet.decode(Buffer.from(result.bytes));
  assert.deepEqual(kept.answers?.map((record) => record.type), ["A"]);
  assert.deepEqual(kept.additionals, []);
});

Deno.test("a truncated answer that ends within a record still tells to ask by TCP", () => {
  const bytes = answer({ answers: [{ type: "A", name: "a.example", ttl: 1, data: "192.0.2.1" }] });
  bytes[2]! |= 0x02;
  const result = read(bytes.subarray(0, bytes.length - 3));
  assert.ok(!(result instanceof AnswerError) && result.truncated);
  assert.equal(packet.decode(Buffer.from(result.bytes)).answers?.length, 0);
});

Deno.test("lookups and empty responses are well-formed", () => {
  const lookup = parseQuery(encodeLookup("a.example", 3));
  assert.ok(!(lookup instanceof QueryError));
  assert.deepEqual([lookup.name, lookup.id], ["a.example", 3]);
  const empty = packet.decode(Buffer.from(encodeEmpty(lookup, 5))) as { rcode?: string };
  assert.equal(empty.rcode, "REFUSED");
});
