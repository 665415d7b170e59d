/** What no well-behaved HTTP/2 client sends, on its way through the whole role. */

import assert from "node:assert/strict";
import {
  encodeRstStream,
  encodeSettings,
  encodeWindowUpdate,
  MAX_WINDOW,
  Setting,
} from "../../src/proxy/layers/http2/frame.ts";
import { DENY, type World } from "./harness.ts";
import { RawHttp2 } from "./http2_raw.ts";
import { type Scene, withHttp2 } from "./http2_world.ts";

const MB = 1024 * 1024;

/** Runs a test with such a client. */
function withRaw(
  test: (raw: RawHttp2, scene: Scene) => Promise<void>,
  world: Partial<World> = {},
): Promise<void> {
  return withHttp2(world, async (scene) => {
    using raw = await RawHttp2.connect(scene.role);
    await test(raw, scene);
  });
}

Deno.test("RFC 8441: an extended CONNECT is answered 501 and logged, and the others go on", async () => {
  await withRaw(async (raw, { role }) => {
    const connect = raw.head("/ws", [], "CONNECT");
    await raw.send(
      raw.peer.headers(1, [[":protocol", "websocket"], ...connect], false),
      raw.peer.headers(3, raw.head("/x"), true),
    );
    assert.deepEqual((await raw.ended(1)).lists[0]?.[0], [":status", "501"]);
    assert.equal((await raw.ended(3)).body, "GET /x 0");
    const line = await role.log((event) => event.policy === "deny");
    assert.deepEqual([line.reason, line.status, line.method], ["method", 501, "CONNECT"]);
    const offered = raw.peer.control.filter((text) => text.includes("[8,"));
    assert.deepEqual(offered, [], "it is not offered either");
  });
});

Deno.test("two authorities on one connection: the other one is misdirected", async () => {
  await withRaw(async (raw, { role }) => {
    const other = raw.head("/x").map(([name, value]) =>
      [name, name === ":authority" ? value.replace("a.", "b.") : value] as [string, string]
    );
    await raw.send(
      raw.peer.headers(1, raw.head("/mine"), true),
      raw.peer.headers(3, other, true),
      raw.peer.headers(5, raw.head("/mine/too"), true),
    );
    assert.equal((await raw.ended(1)).body, "GET /mine 0");
    assert.deepEqual((await raw.ended(3)).lists[0]?.[0], [":status", "421"]);
    const line = await role.log((event) => event.policy === "deny");
    assert.deepEqual([line.reason, line.host, line.status], ["host_mismatch", "b.example", 421]);
  });
});

Deno.test("an authority in upper case, with a trailing dot, is the same host", async () => {
  await withRaw(async (raw, { role }) => {
    const [name, port] = raw.authority.split(":");
    const odd = raw.head("/x").map(([key, value]) =>
      [key, key === ":authority" ? `${name!.toUpperCase()}.:${port}` : value] as [string, string]
    );
    await raw.send(raw.peer.headers(1, odd, true));
    assert.deepEqual((await raw.ended(1)).lists[0]?.[0], [":status", "200"]);
    assert.equal((await role.log((event) => event.status === 200)).host, name);
  });
});

Deno.test("a header list that is too large is answered 431 and logged as malformed", async () => {
  await withRaw(async (raw, { role }) => {
    const large = raw.head("/x", Array(70).fill(["x", "y".repeat(1000)]));
    await raw.send(raw.peer.headers(1, large, true), raw.peer.headers(3, raw.head("/y"), true));
    const { lists, body } = await raw.ended(1);
    assert.deepEqual(lists[0]?.[0], [":status", "431"]);
    assert.match(body, /too large/);
    assert.equal((await raw.ended(3)).body, "GET /y 0");
    const line = await role.log((event) => event.policy === "deny");
    assert.deepEqual([line.reason, line.status], ["malformed", 431]);
  });
});

Deno.test("rapid reset: a flood ends its connection, is logged, and others are served", async () => {
  await withRaw(async (raw, { role, send }) => {
    const flood = Array.from({ length: 3000 }, (_, i) => [
      raw.peer.headers(1 + 2 * i, raw.head("/x"), true),
      encodeRstStream(1 + 2 * i, 8),
    ]).flat();
    const sending = raw.send(...flood).catch(() => "cut off");
    const reading = (async () => {
      while (await raw.read());
    })().catch(() => "cut off");
    await role.log(({ message }) => message === "a flood of requests that are reset");
    await Promise.all([sending, reading]);
    assert.match(raw.peer.control.at(-1) ?? "", /^goaway \d+ 11$/);
    assert.equal((await send([{ path: "/y" }]))[0]?.text, "GET /y 0");
  });
});

Deno.test("a slow reader with open windows holds its server back, in bounded memory", async () => {
  await withRaw(async (raw, { role, send }) => {
    await send([{ path: "/warm" }]);
    const before = (await role.status()).rssBytes!;
    const size = 128 * MB;
    await raw.send(
      encodeSettings([[Setting.initialWindowSize, MAX_WINDOW]]),
      encodeWindowUpdate(0, MAX_WINDOW - 65535),
      raw.peer.headers(1, raw.head(`/download/${size}`), true),
    );
    // Others are served meanwhile; what is buffered is what the kernel buffers.
    for (let i = 0; i < 30; i++) assert.equal((await send([{ path: "/x" }]))[0]?.status, 200);
    const grown = (await role.status()).rssBytes! - before;
    assert.ok(grown < 64 * MB, `${grown} bytes`);
    assert.equal(role.logs.filter((event) => event.url?.includes("download")).length, 0);
  });
});

Deno.test("a refused upload on an open connection takes no memory for what is not wanted", async () => {
  const judge = (event: { url?: string }) => event.url ? DENY : { ...DENY, ...allowed };
  const allowed = { policy: "allow", pass: true, reason: undefined } as const;
  await withRaw(async (raw, { role }) => {
    await raw.send(raw.peer.headers(1, raw.head("/up", [], "POST"), false));
    const { lists, reset } = await raw.ended(1);
    assert.deepEqual([lists[0]?.[0]?.[1], reset ?? 0], ["403", 0]);
    const before = (await role.status()).rssBytes!;
    // It is let know that nothing more is wanted, and goes on all the same: its bytes are dropped.
    const chunk = raw.peer.data(1, "x".repeat(16384), false);
    for (let sent = 0; sent < 32 * MB; sent += 16384) await raw.send(chunk);
    assert.ok((await role.status()).rssBytes! - before < 16 * MB);
  }, { judge });
});
