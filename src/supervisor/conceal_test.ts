import assert from "node:assert/strict";
import { concealer } from "./conceal.ts";

const TOKEN = "ghs_0123456789abcdef";
const event = { ts: "2026-01-01T00:00:00.000Z", type: "https", pid: 7 } as const;

Deno.test("tokens leave command lines, URLs and messages, plain and as git sends them", () => {
  const conceal = concealer([TOKEN, "another-secret"]);
  const git = `AUTHORIZATION: basic ${btoa(`x-access-token:${TOKEN}`)}`;
  const concealed = conceal({
    ...event,
    cmdline: ["curl", "-H", `Authorization: token ${TOKEN}`, `${TOKEN}${TOKEN}`, git],
    url: `https://a.example/?access_token=${TOKEN}`,
    message: "another-secret!",
  });
  assert.deepEqual(concealed, {
    ...event,
    cmdline: ["curl", "-H", "Authorization: token ***", "******", "AUTHORIZATION: basic ***="],
    url: "https://a.example/?access_token=***",
    message: "***!",
  });
});

Deno.test("an event without secrets stays the same", () => {
  const plain = { ...event, cmdline: ["curl"], answers: ["192.0.2.1"] };
  assert.equal(concealer([TOKEN])(plain), plain);
  assert.equal(concealer([])(plain), plain);
});
