import assert from "node:assert/strict";
import { drive, type Driven } from "./testing/drive.ts";

const folder = new URL("./testing/", import.meta.url).pathname;

/** Runs a scenario of the node client through a relay to the node server. */
async function throughRelay(scenario: string): Promise<{ result: unknown; driven: Driven }> {
  const server = new Deno.Command("node", {
    args: [folder + "node_server.cjs"],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const serverOut = server.stdout.getReader();
  const port = Number(new TextDecoder().decode((await serverOut.read()).value));
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const client = new Deno.Command("node", {
    args: [folder + "node_client.cjs", String(listener.addr.port), scenario],
  }).output();
  try {
    const accepted = await listener.accept();
    const upstream = await Deno.connect({ hostname: "127.0.0.1", port });
    const driven = await drive(accepted, upstream, ({ path }) => !path.startsWith("/denied"));
    const { success, stdout, stderr } = await client;
    assert.ok(success, new TextDecoder().decode(stderr));
    return { result: JSON.parse(new TextDecoder().decode(stdout)), driven };
  } finally {
    listener.close();
    server.kill("SIGKILL");
    await serverOut.cancel();
    await server.status;
  }
}

Deno.test("node's client and server: 100 streams at once, some refused", async () => {
  const { result, driven } = await throughRelay("streams");
  const expected = Array.from(
    { length: 100 },
    (_, i) =>
      i % 10 === 3 ? [403, null, `no /denied/${i}\n`] : [200, `key ${i}`, `you asked for /n/${i}`],
  );
  assert.deepEqual(result, expected);
  const outcomes = driven.ended.map(({ outcome }) => outcome);
  assert.equal(outcomes.filter((outcome) => outcome === "complete").length, 90);
  assert.equal(outcomes.filter((outcome) => outcome === "refused").length, 10);
});

Deno.test("node's client and server: large bodies both ways, trailers, a refused upload", async () => {
  const { result, driven } = await throughRelay("bodies");
  assert.deepEqual(result, {
    same: true,
    trailers: { "x-size": String(8 << 20), "x-got": "up" },
    large: 32 << 20,
    denied: [403, "no /denied\n", 0],
    after: "you asked for /n/after",
  });
  const echo = driven.ended.find(({ bytesUp, outcome }) => outcome === "complete" && bytesUp > 0);
  assert.deepEqual([echo?.bytesUp, echo?.bytesDown], [8 << 20, 8 << 20]);
});
