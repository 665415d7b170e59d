import assert from "node:assert/strict";
import type { RoleProcess } from "./role_process.ts";
import { RoleSlot } from "./role_slot.ts";

/** A process that ends when a test says so. */
class FakeProcess implements RoleProcess {
  readonly role = "proxy";
  readonly pid = 1;
  killed = false;
  #end = Promise.withResolvers<Deno.CommandStatus>();
  readonly ended = this.#end.promise;
  lastWords(): string {
    return "words";
  }
  end(): void {
    this.#end.resolve({ success: false, code: 1, signal: null });
  }
  kill(): void {
    this.killed = true;
    this.end();
  }
}

/** A slot whose processes a test plays; `ready` decides of each whether it gets ready. */
function play(ready: (count: number) => Promise<void> = () => Promise.resolve()) {
  const processes: FakeProcess[] = [];
  const happened: string[] = [];
  const started: number[] = [];
  let wake = () => {};
  const note = (what: string) => {
    happened.push(what);
    wake();
  };
  const slot = new RoleSlot("proxy 1", () => {
    const process = new FakeProcess();
    processes.push(process);
    wake();
    return Promise.resolve({ process, ready: ready(processes.length) });
  }, {
    started: () => started.push(processes.length),
    crashed: (_, words) => note(`crashed: ${words}`),
    gaveUp: (_, words) => note(`gave up: ${words}`),
  });
  const until = async (fits: () => boolean) => {
    while (!fits()) await new Promise<void>((resolve) => wake = resolve);
    // What follows in the same turn has happened, too.
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { slot, processes, happened, started, until };
}

Deno.test("what ends is started again", async () => {
  const { slot, processes, happened, started, until } = play();
  await slot.start();
  processes[0]!.end();
  await until(() => processes.length === 2);
  assert.deepEqual(happened, ["crashed: words"]);
  assert.deepEqual(started, [1, 2]);
  slot.stop();
  processes[1]!.end();
  await until(() => true);
  assert.equal(processes.length, 2);
});

Deno.test("a first start that fails is not tried again", async () => {
  const { slot, processes, happened } = play(() => Promise.reject(new Error("no object")));
  await assert.rejects(slot.start(), /no object/);
  assert.equal(processes.length, 1);
  assert.ok(processes[0]!.killed);
  assert.deepEqual(happened, []);
});

Deno.test("a process that ends before it is ready says so", async () => {
  const { slot, processes, until } = play(() => new Promise(() => {}));
  const starting = slot.start();
  await until(() => processes.length === 1);
  processes[0]!.end();
  await assert.rejects(starting, /the proxy 1 role ended before it was ready: words/);
});

Deno.test("restarts that fail are tried again, up to the budget", async () => {
  const { slot, processes, happened, until } = play((count) =>
    count === 1 ? Promise.resolve() : Promise.reject(new Error("again"))
  );
  await slot.start();
  processes[0]!.end();
  await until(() => happened.length === 9);
  assert.deepEqual(happened, [
    "crashed: words",
    ...Array(7).fill("crashed: again"),
    "gave up: again",
  ]);
  assert.equal(processes.length, 9);
});

Deno.test("a replaced process ends without a word, whatever it was doing", async () => {
  const { slot, processes, happened, until } = play();
  await slot.start();
  await slot.start();
  await until(() => true);
  assert.ok(processes[0]!.killed);
  assert.deepEqual([processes.length, happened], [2, []]);
});
