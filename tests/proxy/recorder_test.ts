/** The recorder, with real clients, and the replay of what it wrote. */

import assert from "node:assert/strict";
import type { PlaybookEntry } from "../../src/protocol/mod.ts";
import { Recorder } from "./recorder.ts";
import { readPlaybook, replay } from "./replay.ts";

const PLAYBOOKS = new URL("playbooks/", import.meta.url).pathname;
const FILES = [...Deno.readDirSync(PLAYBOOKS)].map(({ name }) => name);

for (const name of FILES) {
  Deno.test(`playbook ${name}: every layer says again what it said`, () => {
    assert.deepEqual(replay(Deno.readTextFileSync(PLAYBOOKS + name)), []);
  });
}

Deno.test("a replay tells which line is said differently", () => {
  const text = Deno.readTextFileSync(`${PLAYBOOKS}curl_and_dig.jsonl`);
  const changed = text.replace('"framing":"', '"framing":"no ');
  assert.notEqual(changed, text);
  const [difference, ...others] = replay(changed);
  assert.equal(difference?.entry.layer, "response");
  assert.equal(changed.split("\n")[difference.line - 1]?.includes('"framing":"no '), true);
  assert.equal(others.length, 0);
});

Deno.test("curl and dig are recorded without root, and secrets are not", async () => {
  await using recorder = await Recorder.start(({ port, http2Port }) =>
    `POST https://a.example:${port}/path\nb.example:${port}\nh2.example:${http2Port}\n`
  );
  const { port, http2Port } = recorder.world;
  const shown = await recorder.curl(
    ...["-H", "Authorization: Bearer hidden-1", "-H", "Cookie: id=hidden-2", "-d", "hidden-3"],
    ...["-p", `https://a.example:${port}/path?token=hidden-4&n=hidden-5`],
  );
  assert.match(shown, /POST \/path\?token=hidden-4/);
  assert.match(await recorder.curl("-p", `https://c.example:${port}/`), /Blocked by egress/);
  assert.match(await recorder.curl("-p", `https://h2.example:${http2Port}/?key=hidden-6`), /^GET /);
  // The server's certificate is for another name.
  assert.match(await recorder.curl("-p", `https://b.example:${port}/`), /upstream_cert/);
  assert.match(await recorder.dig("+short", "a.example"), /198\.51\.100\.7/);
  assert.match(await recorder.dig("+tcp", "c.example"), /REFUSED/);
  const text = await recorder.end();
  assert.doesNotMatch(text, /hidden-/);
  assert.deepEqual(replay(text), []);
  const { entries } = readPlaybook(text);
  for (
    const layer of [
      ...[
        "detect",
        "client_hello",
        "request",
        "response",
        "http2_request",
        "dns_query",
        "dns_answer",
      ],
      ...["policy", "lookup", "log"],
    ] as PlaybookEntry["layer"][]
  ) find(entries, layer);
  assert.equal((find(entries, "client_hello").said as { sni?: string }).sni, "a.example");
  assert.match(find(entries, "request").saw, /^POST \/path\?token=xxxxxxxx&n=xxxxxxxx HTTP/);
  const failures = entries.filter((entry) => entry.layer === "log" && entry.said.error);
  assert.equal(failures.length, 1, JSON.stringify(failures));
});

Deno.test("what is no CONNECT is told how to come", async () => {
  await using recorder = await Recorder.start(() => "a.example\n");
  assert.match(await recorder.curl("http://a.example/"), /--proxytunnel/);
});

function find<Layer extends PlaybookEntry["layer"]>(entries: PlaybookEntry[], layer: Layer) {
  const found = entries.find((entry) => entry.layer === layer);
  assert.ok(found, `no ${layer}`);
  return found as Extract<PlaybookEntry, { layer: Layer }>;
}
