import assert from "node:assert/strict";
import { outcomeOf } from "./outcome.ts";
import type { Received, ReceivedRequest } from "./received.ts";

const request: ReceivedRequest = {
  kind: "request",
  host: "evil.test",
  port: 443,
  scheme: "https",
  method: "POST",
  url: "https://evil.test/",
  headers: {},
  body: "the s3cret",
};

Deno.test("what holds the secret counts by channel", () => {
  const received: Received[] = [
    request,
    { ...request, scheme: "http", body: "", url: "http://evil.test/?s3cret" },
    { kind: "dns", transport: "udp", name: "s3cret.evil.test", type: "A" },
    { kind: "udp", host: "evil.test", port: 9000, data: "s3cret" },
    { kind: "tcp", host: "evil.test", port: 9000, data: "s3cret" },
  ];
  assert.deepEqual(outcomeOf(received, "s3cret"), {
    stolen: { https: 1, http: 1, dns: 1, udp: 1, tcp: 1 },
    contacts: 0,
    served: 0,
  });
});

Deno.test("what reaches the attacker without the secret is a contact", () => {
  const received: Received[] = [
    { ...request, body: "nothing" },
    { kind: "connection", host: "evil.test", port: 443 },
    { kind: "dns", transport: "tcp", name: "evil.test", type: "A" },
  ];
  const outcome = outcomeOf(received, "s3cret");
  assert.equal(outcome.contacts, 3);
  assert.equal(outcome.stolen.https, 0);
});

Deno.test("what others receive is none of the attacker's, secret or not", () => {
  const received: Received[] = [
    { ...request, host: "registry.test" },
    { kind: "dns", transport: "udp", name: "notevil.test", type: "A" },
  ];
  const outcome = outcomeOf(received, "s3cret");
  assert.deepEqual([outcome.contacts, outcome.stolen.https, outcome.served], [0, 0, 1]);
});
