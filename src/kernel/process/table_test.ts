import assert from "node:assert/strict";
import type { ProcessEvent } from "../bpf/process_event.ts";
import { ProcessTable } from "./table.ts";

const TICK = 10_000_000n;

function event(
  kind: ProcessEvent["kind"],
  pid: number,
  more: Partial<ProcessEvent> = {},
): ProcessEvent {
  const start = BigInt(pid) * TICK;
  return { kind, pid, ppid: 1, start, parentStart: TICK, cgroup: 5n, at: 0n, ...more };
}

function exec(pid: number, exe: string, at = 0n, more: Partial<ProcessEvent> = {}): ProcessEvent {
  return event("exec", pid, { at, image: { exe, cmdline: [exe, "x"] }, ...more });
}

const NOW = 1_000_000_000_000n;

function describe(table: ProcessTable, pid: number, at = NOW) {
  return table.describe(pid, BigInt(pid) * TICK, at);
}

Deno.test("a process is told with image, cgroup and ancestors, also after its end", () => {
  const table = new ProcessTable();
  table.apply(exec(10, "/bin/sh"), "/scope");
  table.apply(event("fork", 11, { ppid: 10, parentStart: 10n * TICK }), "/scope");
  table.apply(exec(11, "/bin/curl", 50n, { ppid: 10, parentStart: 10n * TICK }), "/scope");
  table.apply(event("exit", 11), "/scope");
  table.apply(event("exit", 10), "/scope");
  assert.deepEqual(describe(table, 11), {
    pid: 11,
    exe: "/bin/curl",
    cmdline: ["/bin/curl", "x"],
    cgroup: "/scope",
    ancestry: ["/bin/sh"],
  });
});

Deno.test("what it ran at the time counts, not what it ran later", () => {
  const table = new ProcessTable();
  table.apply(exec(10, "/bin/first", 100n), undefined);
  table.apply(exec(10, "/bin/second", 200n), undefined);
  assert.equal(describe(table, 10, 150n)?.exe, "/bin/first");
  assert.equal(describe(table, 10, 200n)?.exe, "/bin/second");
});

Deno.test("a fork runs what its parent ran", () => {
  const table = new ProcessTable();
  table.apply(exec(10, "/bin/sh"), undefined);
  table.apply(event("fork", 11, { ppid: 10, parentStart: 10n * TICK }), undefined);
  assert.equal(describe(table, 11)?.exe, "/bin/sh");
});

Deno.test("a reused pid is another process", () => {
  const table = new ProcessTable();
  table.apply(exec(10, "/bin/old"), undefined);
  table.apply(exec(10, "/bin/new", 0n, { start: 99n * TICK }), undefined);
  assert.equal(table.describe(10, 10n * TICK, NOW)?.exe, "/bin/old");
  assert.equal(table.describe(10, 99n * TICK, NOW)?.exe, "/bin/new");
  assert.equal(table.describe(10, 50n * TICK, NOW), undefined);
});

Deno.test("processes that ended are kept up to the limits, living ones always", () => {
  const table = new ProcessTable({ exited: 3, exitedBytes: 1 << 20 });
  table.apply(exec(5, "/bin/alive"), undefined);
  for (let pid = 10; pid < 20; pid++) {
    table.apply(exec(pid, `/bin/${pid}`), undefined);
    table.apply(event("exit", pid), undefined);
  }
  assert.equal(table.size, 4);
  assert.equal(describe(table, 5)?.exe, "/bin/alive");
  assert.equal(describe(table, 16), undefined);
  assert.equal(describe(table, 19)?.exe, "/bin/19");
  const small = new ProcessTable({ exited: 100, exitedBytes: 1000 });
  for (let pid = 10; pid < 20; pid++) {
    small.apply(exec(pid, `/bin/${pid}`), undefined);
    small.apply(event("exit", pid), undefined);
  }
  assert.ok(small.size <= 3);
});

Deno.test("ancestors are at most 8", () => {
  const table = new ProcessTable();
  table.apply(exec(10, "/bin/0"), undefined);
  for (let pid = 11; pid < 30; pid++) {
    const parent = { ppid: pid - 1, parentStart: BigInt(pid - 1) * TICK };
    table.apply(event("fork", pid, parent), undefined);
    table.apply(exec(pid, `/bin/${pid}`, 0n, parent), undefined);
  }
  assert.deepEqual(describe(table, 29)?.ancestry?.slice(0, 2), ["/bin/28", "/bin/27"]);
  assert.equal(describe(table, 29)?.ancestry?.length, 8);
});

Deno.test("a step is inherited at birth, through forks and programs, and outlives lost events", () => {
  const table = new ProcessTable();
  table.apply(exec(10, "/bin/node"), undefined);
  table.setStep(10, 10n * TICK, { step: "__a", action: "o/r" });
  table.apply(event("fork", 11, { ppid: 10, parentStart: 10n * TICK }), undefined);
  table.apply(exec(11, "/bin/curl", 50n, { ppid: 1, parentStart: 1n }), undefined);
  assert.equal(describe(table, 11)?.step, "__a");
  assert.equal(describe(table, 11)?.action, "o/r");
  assert.deepEqual(table.stepOf(11, 11n * TICK), { step: "__a", action: "o/r" });
  table.clear();
  assert.deepEqual(table.stepOf(11, 11n * TICK), { step: "__a", action: "o/r" });
  table.apply(event("fork", 12, { ppid: 11, parentStart: 11n * TICK }), undefined);
  assert.deepEqual(table.stepOf(12, 12n * TICK), { step: "__a", action: "o/r" });
});

Deno.test("who is not born of a step has none, and a reused pid does not inherit it", () => {
  const table = new ProcessTable();
  table.apply(exec(10, "/bin/node"), undefined);
  table.setStep(10, 10n * TICK, { step: "__a" });
  table.apply(exec(20, "/bin/other"), undefined);
  assert.equal(describe(table, 20)?.step, undefined);
  assert.equal(table.stepOf(10, 99n * TICK), undefined);
  table.apply(event("exit", 10), undefined);
  assert.equal(table.stepOf(10, 10n * TICK), undefined);
  // What it did before is still told of it.
  assert.equal(describe(table, 10)?.step, "__a");
});
