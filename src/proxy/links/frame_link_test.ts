import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeFrame, type Frame, FrameDecoder, FrameKind } from "../../protocol/mod.ts";
import { FrameLink, LinkError } from "./frame_link.ts";

/** Runs a test between a link and the plain socket at its other end. */
async function linked(
  test: (
    link: FrameLink,
    peer: Deno.UnixConn,
    seen: Frame[],
    ended: Promise<LinkError>,
  ) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "egress-link-"));
  const path = join(folder, "sock");
  const listener = Deno.listen({ transport: "unix", path });
  const seen: Frame[] = [];
  const { promise, resolve } = Promise.withResolvers<LinkError>();
  const [peer, link] = await Promise.all([
    listener.accept(),
    FrameLink.connect(path, (frame) => seen.push(frame), resolve),
  ]);
  try {
    await test(link, peer, seen, promise);
  } finally {
    link.close();
    peer.close();
    listener.close();
    rmSync(folder, { recursive: true });
  }
}

async function frames(peer: Deno.UnixConn, count: number): Promise<Frame[]> {
  const decoder = new FrameDecoder();
  const buffer = new Uint8Array(65536);
  const out: Frame[] = [];
  while (out.length < count) {
    out.push(...decoder.push(buffer.subarray(0, (await peer.read(buffer)) ?? 0)));
  }
  return out;
}

const answer = (id: number, body: unknown) => encodeFrame(FrameKind.response, id, body);

Deno.test("answers find their questions in any order", async () => {
  await linked(async (link, peer) => {
    const one = link.request("one");
    const two = link.request("two");
    const asked = await frames(peer, 2);
    await peer.write(answer(asked[1]!.id, { n: 2 }));
    await peer.write(answer(asked[0]!.id, { n: 1 }));
    assert.deepEqual(await Promise.all([one, two]), [{ n: 1 }, { n: 2 }]);
  });
});

Deno.test("errors, silence and the end of the peer fail the questions", async () => {
  await linked(async (link, peer, _seen, ended) => {
    const refused = link.request("a");
    const [asked] = await frames(peer, 1);
    await peer.write(answer(asked!.id, { error: "no" }));
    await assert.rejects(refused, /no/);
    const silent = link.request("b");
    link.tick(Date.now() + 6000);
    await assert.rejects(silent, LinkError);
    const cut = link.request("c");
    await peer.closeWrite();
    await assert.rejects(cut, LinkError);
    assert.match((await ended).message, /ended/);
    await assert.rejects(link.request("d"), LinkError);
  });
});

Deno.test("bytes that are no frames end the link", async () => {
  await linked(async (_link, peer, _seen, ended) => {
    await peer.write(new Uint8Array(32).fill(255));
    assert.ok((await ended) instanceof LinkError);
  });
});

Deno.test("a backlog shows as congestion until it is written", async () => {
  await linked(async (link, peer) => {
    assert.ok(!link.congested);
    for (let i = 0; i < 30; i++) link.send("x".repeat(100_000));
    assert.ok(link.congested);
    const drained = link.drained();
    await frames(peer, 30);
    await drained;
    assert.ok(!link.congested);
  });
});

Deno.test("events that may wait go with what is sent meanwhile, in order, or by themselves", async () => {
  await linked(async (link, peer) => {
    link.sendSoon("a");
    link.sendSoon("b");
    link.send("c");
    assert.deepEqual((await frames(peer, 3)).map((frame) => frame.body), ["a", "b", "c"]);
    link.sendSoon("d");
    assert.deepEqual((await frames(peer, 1)).map((frame) => frame.body), ["d"]);
    link.sendSoon("e");
    await link.drained();
    assert.deepEqual((await frames(peer, 1)).map((frame) => frame.body), ["e"]);
  });
});
