/** Ways to the memory of a runner's worker: each is in the log, refused or not, as the kernel lets it. */

import assert from "node:assert/strict";
import { FakeRunner, stepOf } from "../support/fake_runner.ts";
import { FakeEngine, KernelRole } from "../support/kernel_role.ts";
import { type Ended, PYTHON, World } from "../support/kernel_world.ts";

const READER = new URL("../support/memory_reader.py", import.meta.url).pathname;
const NOBODY = "65534";
const WAYS: Record<string, string> = {
  vm: "process_vm_readv or process_vm_writev",
  ptrace: "ptrace",
  file: "/proc/PID/mem",
};

interface Place extends AsyncDisposable {
  world: World;
  role: KernelRole;
  runner: FakeRunner;
}

async function place(audit = false): Promise<Place> {
  const world = await World.create();
  try {
    const runner = await FakeRunner.start(world);
    const starter = await runner.step(["/bin/cat"], stepOf("owner/egress"), undefined, {
      stays: true,
    });
    const engine = await FakeEngine.at(world.folder);
    world.onEnd(() => engine.end());
    const socketPath = `${world.folder}/control.sock`;
    const control = { socketPath, starter, runner: runner.place(world) };
    const role = await KernelRole.start(world, engine, { control, audit });
    await role.ready();
    return { world, role, runner, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() };
  } catch (error) {
    await world[Symbol.asyncDispose]();
    throw error;
  }
}

/** The errno of each way. */
function codesOf(read: Ended): Record<string, number> {
  assert.equal(read.code, 0, read.stderr);
  return JSON.parse(read.stdout);
}

/** A kernel that can refuse tells of an attempt before it is known which way it came. */
const ANY_WAY = "memory of the runner's worker: refused";

function isAbout(event: Record<string, unknown>, way: string): boolean {
  return aboutMemory(event) && (event.message === ANY_WAY || String(event.message).includes(way));
}

function aboutMemory(event: Record<string, unknown>): boolean {
  return String(event.message).startsWith("memory of the runner's worker");
}

Deno.test("root reads the worker's memory: every way is in the log, with who tried and what came of it", async () => {
  await using p = await place();
  const codes = codesOf(await p.world.run(PYTHON, READER, `${p.runner.pid}`));
  for (const [key, way] of Object.entries(WAYS)) {
    const line = await p.role.log((e) => isAbout(e, way));
    assert.equal(line.exe, await Deno.realPath(PYTHON));
    assert.deepEqual((line.cmdline as string[]).slice(1), [READER, `${p.runner.pid}`]);
    const refused = codes[key] !== 0;
    assert.equal(/: refused$/.test(String(line.message)), refused, String(line.message));
    assert.deepEqual([line.type, line.policy], refused ? ["gate", "deny"] : ["error", undefined]);
  }
});

Deno.test("another user's attempts at the worker's memory are refused, and in the log", async () => {
  await using p = await place();
  const codes = codesOf(await p.world.run(PYTHON, READER, `${p.runner.pid}`, NOBODY));
  for (const [key, code] of Object.entries(codes)) assert.notEqual(code, 0, key);
  for (const way of Object.values(WAYS)) {
    const line = await p.role.log((e) => aboutMemory(e) && String(e.message).includes(way));
    assert.equal(line.message, `memory of the runner's worker by ${way}: refused`);
    assert.deepEqual([line.type, line.policy, line.reason], ["gate", "deny", "gate"]);
  }
});

Deno.test("a thread of the worker counts as the worker, other processes do not", async () => {
  await using p = await place();
  const other = p.world.spawn(PYTHON, "-c", "import sys; sys.stdin.readline()");
  p.world.onEnd(async () => {
    await other.stdin.close();
    await other.output();
  });
  codesOf(await p.world.run(PYTHON, READER, `${other.pid}`));
  codesOf(await p.world.run(PYTHON, READER, `${Deno.pid}`, NOBODY));
  const thread = await p.world.run(
    PYTHON,
    "-c",
    `import os, sys
pid = sys.argv[1]
folder = os.open(f"/proc/{pid}/task/{pid}", os.O_RDONLY)
os.open("mem", os.O_RDONLY, dir_fd=folder)`,
    `${p.runner.pid}`,
  );
  const line = await p.role.log(aboutMemory);
  assert.deepEqual((line.cmdline as string[]).at(-1), `${p.runner.pid}`);
  assert.equal((line.cmdline as string[])[1], "-c", "nothing about the other processes");
  assert.equal(/: refused$/.test(String(line.message)), thread.code !== 0, thread.stderr);
});

Deno.test("in audit mode nobody is kept from the worker's memory, and the log has it", async () => {
  await using p = await place(true);
  const codes = codesOf(await p.world.run(PYTHON, READER, `${p.runner.pid}`));
  for (const [key, code] of Object.entries(codes)) assert.equal(code, 0, key);
  const line = await p.role.log(aboutMemory);
  assert.match(String(line.message), /^memory of the runner's worker( by .*)?$/);
  assert.deepEqual([line.type, line.policy], ["gate", "deny"]);
});
