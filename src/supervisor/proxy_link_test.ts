import assert from "node:assert/strict";
import {
  encodeFrame,
  FrameDecoder,
  FrameKind,
  type LogEvent,
  type SharedLeaf,
  type SupervisorToProxy,
} from "../protocol/mod.ts";
import { ProxyLink } from "./proxy_link.ts";

const LEAF: SharedLeaf = { host: "a.example", cert: "PEM", from: 0, until: 1 };

/** One proxy's end of the link. */
class Peer implements Disposable {
  #decoder = new FrameDecoder();
  #frames: ReturnType<FrameDecoder["push"]> = [];

  private constructor(readonly conn: Deno.UnixConn) {}

  static async join(path: string, index: number, secret = "secret"): Promise<Peer> {
    const peer = new Peer(await Deno.connect({ transport: "unix", path }));
    await peer.tell({ op: "hello", role: "proxy", index, secret });
    return peer;
  }

  async tell(body: unknown): Promise<void> {
    await this.conn.write(encodeFrame(FrameKind.event, 0, body));
  }

  /** The next message of the supervisor; undefined at the end. */
  async next(): Promise<SupervisorToProxy | undefined> {
    const buffer = new Uint8Array(4096);
    while (this.#frames.length === 0) {
      const count = await this.conn.read(buffer);
      if (count === null) return undefined;
      this.#frames.push(...this.#decoder.push(buffer.subarray(0, count)));
    }
    return this.#frames.shift()!.body as SupervisorToProxy;
  }

  [Symbol.dispose](): void {
    this.conn.close();
  }
}

/** Runs a test with a link that greets each proxy with `greeting`. */
async function linked(
  greeting: SupervisorToProxy | undefined,
  test: (path: string, link: ProxyLink, logged: () => Promise<LogEvent>) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/supervisor.sock`;
  const lines: LogEvent[] = [];
  let wake = () => {};
  const link: ProxyLink = new ProxyLink(path, "secret", {
    onHello: (send) => greeting && send(greeting),
    onReady() {},
    onFatal() {},
    onLeaf: (index, leaf) => link.broadcast({ op: "leaf", leaf }, index),
    onTraffic() {},
    onTrouble() {},
    onLog(event) {
      lines.push(event);
      wake();
    },
  });
  try {
    await test(path, link, async () => {
      while (lines.length === 0) await new Promise<void>((resolve) => wake = resolve);
      return lines.shift()!;
    });
  } finally {
    link.close();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a proxy that joins a closed scope is told before it serves", async () => {
  await linked({ op: "close", reason: "log_failed" }, async (path) => {
    using proxy = await Peer.join(path, 1);
    assert.deepEqual(await proxy.next(), { op: "close", reason: "log_failed" });
  });
});

Deno.test("who does not know the secret is cut off and told nothing", async () => {
  await linked({ op: "reopen" }, async (path) => {
    using stranger = await Peer.join(path, 0, "guessed");
    assert.equal(await stranger.next(), undefined);
  });
});

Deno.test("a leaf goes to the siblings, not back to who minted it", async () => {
  await linked({ op: "reopen" }, async (path, link) => {
    using one = await Peer.join(path, 0);
    using two = await Peer.join(path, 1);
    for (const proxy of [one, two]) assert.equal((await proxy.next())?.op, "reopen");
    await one.tell({ op: "leaf", leaf: LEAF });
    assert.deepEqual(await two.next(), { op: "leaf", leaf: LEAF });
    link.broadcast({ op: "revoke" });
    assert.deepEqual(await one.next(), { op: "revoke" });
    assert.deepEqual(await two.next(), { op: "revoke" });
  });
});

Deno.test("what a lost proxy had under way is logged as interrupted, that of others is not", async () => {
  await linked(undefined, async (path, _, logged) => {
    const event: LogEvent = { ts: "2026-01-01T00:00:00.000Z", type: "tcp" };
    using other = await Peer.join(path, 1);
    await other.tell({ op: "open", conn: "b-1", event: { ...event, conn: "b-1" } });
    {
      using lost = await Peer.join(path, 0);
      await lost.tell({ op: "open", conn: "a-1", event: { ...event, conn: "a-1" } });
      await lost.tell({ op: "open", conn: "a-2", event: { ...event, conn: "a-2" } });
      await lost.tell({ op: "log", conn: "a-1", event: { ...event, conn: "a-1" } });
      assert.deepEqual(await logged(), { ...event, conn: "a-1" });
    }
    assert.deepEqual(await logged(), { ...event, conn: "a-2", error: "interrupted" });
    await other.tell({ op: "log", conn: "b-1", event: { ...event, conn: "b-1" } });
    assert.deepEqual(await logged(), { ...event, conn: "b-1" });
  });
});
