import assert from "node:assert/strict";
import { relay } from "./pump.ts";
import type { Stream } from "./stream.ts";
import { Watchdog } from "./watchdog.ts";

/** A stream that is scripted at its far end. */
class Fake implements Stream {
  readonly got: string[] = [];
  closed = 0;
  #waiting: ((count: number | null) => void) | undefined;
  readonly #fails: ((error: Error) => void)[] = [];
  #into: Uint8Array = new Uint8Array();
  stalls = false;

  read(into: Uint8Array): Promise<number | null> {
    this.#into = into;
    if (this.closed > 0) return Promise.reject(new Deno.errors.BadResource("closed"));
    return new Promise((resolve, reject) => {
      this.#waiting = resolve;
      this.#fails.push(reject);
    });
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.stalls) return new Promise((_, reject) => void this.#fails.push(reject));
    const part = bytes.subarray(0, 2); // short writes happen
    this.got.push(new TextDecoder().decode(part));
    return Promise.resolve(part.length);
  }

  closeWrite(): Promise<void> {
    this.got.push("end");
    return Promise.resolve();
  }

  close(): void {
    this.closed++;
    for (const fail of this.#fails) fail(new Deno.errors.BadResource("closed"));
  }

  /** The far end sends text, or ends. */
  async send(text: string | null): Promise<void> {
    while (!this.#waiting) await Promise.resolve();
    const resolve = this.#waiting;
    this.#waiting = undefined;
    if (text !== null) this.#into.set(new TextEncoder().encode(text));
    resolve(text === null ? null : text.length);
  }
}

function relayed(lingerMs?: number) {
  const client = new Fake();
  const upstream = new Fake();
  const counts = { up: 0, down: 0 };
  const watchdog = new Watchdog();
  const done = relay(client, upstream, counts, watchdog, lingerMs).finally(() => watchdog.stop());
  return { client, upstream, counts, watchdog, done };
}

Deno.test("both directions are copied whole, and each end passed on", async () => {
  const { client, upstream, counts, done } = relayed();
  await client.send("hello");
  await client.send(null);
  await upstream.send("abc");
  await upstream.send(null);
  await done;
  assert.deepEqual(upstream.got, ["he", "ll", "o", "end"]);
  assert.deepEqual(client.got, ["ab", "c", "end"]);
  assert.deepEqual(counts, { up: 5, down: 3 });
});

Deno.test("a failure of one side closes both", async () => {
  const { client, upstream, done } = relayed();
  await client.send("a");
  client.close();
  await done;
  assert.ok(upstream.closed > 0);
});

Deno.test("a write that stalls for two minutes ends the relay", async () => {
  const { client, upstream, watchdog, done } = relayed();
  upstream.stalls = true;
  await client.send("a");
  for (let i = 0; i < 10; i++) await Promise.resolve();
  watchdog.scan(Date.now() + 119_000);
  assert.equal(client.closed, 0);
  watchdog.scan(Date.now() + 121_000);
  await done;
  assert.ok(client.closed > 0);
});

Deno.test("a client that stays after its upstream has ended is cut after the linger time", async () => {
  const { client, upstream, watchdog, done } = relayed(2000);
  await upstream.send(null);
  for (let i = 0; i < 10; i++) await Promise.resolve();
  watchdog.scan(Date.now() + 3000);
  await done;
  assert.ok(client.closed > 0);
});
