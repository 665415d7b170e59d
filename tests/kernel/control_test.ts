/** The control socket, asked by real processes: who may, and who may not. */

import assert from "node:assert/strict";
import type { ControlAuthority, ControlBoot } from "../../src/protocol/mod.ts";
import { asking, FakeRunner, type How, stepOf } from "../support/fake_runner.ts";
import { Inbox, readJsonLines } from "../support/kernel_lines.ts";
import { FakeEngine, KernelRole, putRules, verdict } from "../support/kernel_role.ts";
import { OUTSIDE, PYTHON, sh, World } from "../support/kernel_world.ts";

const OURS = stepOf("owner/egress");

interface Place extends AsyncDisposable {
  world: World;
  role: KernelRole;
  engine: FakeEngine;
  runner: FakeRunner;
  socket: string;
  authority: ControlAuthority;
}

/** A worker, a step of it that started egress, and the kernel role with its control socket. */
async function place(
  env: Record<string, string> = OURS,
  change: (boot: ControlBoot, world: World) => ControlBoot | Promise<ControlBoot> = (boot) => boot,
): Promise<Place> {
  const world = await World.create();
  try {
    const runner = await FakeRunner.start(world);
    const starter = await runner.step(["/bin/cat"], env, undefined, { stays: true });
    const engine = await FakeEngine.at(world.folder);
    world.onEnd(() => engine.end());
    const socket = `${world.folder}/control.sock`;
    const bare = { socketPath: socket, starter, runner: runner.place(world) };
    const control = await change(bare, world);
    const role = await KernelRole.start(world, engine, { control });
    const { authority } = await role.ready();
    serve(role);
    const dispose = () => world[Symbol.asyncDispose]();
    return {
      ...{ world, role, engine, runner, socket, authority: authority as ControlAuthority },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await world[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Answers as the supervisor does: with the request. It ends with the role, whose end shows as a failed read or
 * answer, and is no failure of a test: those look at what callers get.
 */
async function serve(role: KernelRole): Promise<void> {
  while (true) {
    const asked = await role.supervisor.events.take((e) => e.op === "control").catch(() => null);
    if (!asked) return;
    const { id, request, caller } = asked;
    await role.supervisor.request({ op: "control-answer", id, answer: { request, caller } })
      .catch(() => {});
  }
}

Deno.test("a step of the action that started egress is heard, also its daemons", async () => {
  await using p = await place();
  assert.deepEqual({ ...p.authority, worker: 0 }, {
    by: "action",
    repository: "owner/egress",
    worker: 0,
  });
  for (const how of ["plain", "daemon"] as How[]) {
    const answer = await p.runner.ask(p.socket, OURS, '{"op":"shutdown"}', how);
    assert.deepEqual(answer.request, { op: "shutdown" }, how);
    const caller = answer.caller as Record<string, unknown>;
    assert.equal(caller.step, "__step");
    assert.equal(caller.action, "owner/egress");
  }
});

const REFUSED: Record<string, { env: Record<string, string>; how: How; why: RegExp }> = {
  "a step of another action": {
    env: stepOf("evil/action"),
    how: "plain",
    why: /belongs to evil\/action: only owner\/egress may/,
  },
  "a step with an empty repository": {
    env: stepOf(""),
    how: "plain",
    why: /not an action/,
  },
  "a step with a repository inside another variable": {
    env: { ...stepOf("evil/action"), X: "\nGITHUB_ACTION_REPOSITORY=owner/egress" },
    how: "plain",
    why: /belongs to evil\/action/,
  },
  "a step that executes itself again with another environment": {
    env: stepOf("evil/action"),
    how: "reexec",
    why: /belongs to evil\/action/,
  },
  "a step that makes a sibling of itself (CLONE_PARENT)": {
    env: stepOf("evil/action"),
    how: "sibling",
    why: /belongs to evil\/action/,
  },
  "an orphan that the worker adopted": {
    env: stepOf("evil/action"),
    how: "orphan",
    why: /belongs to evil\/action/,
  },
};

Deno.test("whoever belongs to another step is refused, and that is logged", async (t) => {
  await using p = await place();
  for (const [name, { env, how, why }] of Object.entries(REFUSED)) {
    await t.step(name, async () => {
      const answer = await p.runner.ask(p.socket, env, undefined, how);
      assert.match(String(answer.error), why);
    });
  }
  const line = await p.role.log((event) => event.error === "control_refused");
  assert.match(String(line.message), /user id 0: the caller belongs to evil\/action/);
  assert.equal(line.action, "evil/action");
});

Deno.test("who descends from no step is refused: another ancestor, another user", async () => {
  await using p = await place();
  const ask = async (...how: string[]) => {
    const { stdout, stderr } = await p.world.run(
      "env",
      "GITHUB_ACTION_REPOSITORY=owner/egress",
      ...how,
      ...asking(p.socket, "plain", '{"op":"shutdown"}'),
    );
    assert.equal(stderr, "");
    return JSON.parse(stdout).answer.error;
  };
  const no = "refused: the caller does not descend from a step of this job";
  assert.equal(await ask(), no);
  assert.equal(await ask("setpriv", "--reuid", "65534", "--clear-groups"), no);
  await p.role.log((event) => String(event.message).includes("user id 65534"));
});

Deno.test("egress started by a step without a repository is nobody's", async () => {
  await using p = await place(stepOf(""));
  const answer = await p.runner.ask(p.socket, stepOf(""));
  assert.match(String(answer.error), /nobody may/);
});

Deno.test("a worker behind a symbolic link, or in another cgroup, is none", async () => {
  const changes: ((boot: ControlBoot, world: World) => Promise<ControlBoot>)[] = [
    async (boot, world) => {
      // The path leads to a program that is not at that path.
      await sh(
        `mv ${boot.runner.exe} ${world.folder}/other; ln -s ${world.folder}/other ${boot.runner.exe}`,
      );
      return boot;
    },
    (boot) => Promise.resolve({ ...boot, runner: { ...boot.runner, cgroup: "/elsewhere" } }),
  ];
  for (const change of changes) {
    await using p = await place(OURS, change);
    assert.deepEqual(p.authority, { by: "root" });
  }
});

Deno.test("outside Actions root of the host is heard, and nobody else", async () => {
  await using p = await place(OURS, (boot) => ({ ...boot, starter: Deno.pid }));
  assert.deepEqual(p.authority, { by: "root" });
  const ask = async (...how: string[]) => {
    const { stdout } = await p.world.run(
      "env",
      ...how,
      ...asking(p.socket, "plain", '{"op":"status"}'),
    );
    return JSON.parse(stdout).answer;
  };
  assert.deepEqual((await ask()).request, { op: "status" });
  const user = ["setpriv", "--reuid", "65534", "--clear-groups"] as const;
  assert.match((await ask(...user)).error, /only root may/);
  assert.match((await ask("unshare", "--pid", "--fork")).error, /only root of the host's own/);
  // Root of its own user namespace is nobody here.
  assert.match((await ask(...user, "unshare", "--user", "--map-root-user")).error, /only root may/);
});

Deno.test("a caller whose process id has a new owner is refused", async () => {
  await using p = await place();
  // An attacker connects, hands the socket to another process and ends; its pid is a trusted step's then.
  const script = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
r, w = os.pipe()
pid = os.fork()
if pid == 0:
    s.connect(sys.argv[1])
    s.sendall(b'{"op":"shutdown"}\\n')
    os._exit(0)
os.waitpid(pid, 0)
sys.stdout.write('{"pid":%d}\\n' % pid)
sys.stdout.flush()
sys.stdin.readline()
print(s.recv(4096).decode().strip(), flush=True)
`;
  Deno.kill(p.role.pid, "SIGSTOP");
  const attacker = p.world.spawn(PYTHON, "-c", script, p.socket);
  const lines = new Inbox<Record<string, unknown>>();
  const read = readJsonLines(attacker.stdout, lines);
  const pid = (await lines.take()).pid as number;
  assert.equal(await p.runner.step(["/bin/cat"], OURS, pid), pid);
  Deno.kill(p.role.pid, "SIGCONT");
  await attacker.stdin.close();
  const answer = await lines.take();
  assert.match(String(answer.error), /gone/);
  await Promise.all([read, attacker.stderr.cancel(), attacker.status]);
});

Deno.test("malformed and endless requests get an answer, not an effect", async () => {
  await using p = await place();
  for (
    const [line, error] of [
      ["", /no JSON object/],
      ["[1]", /no JSON object/],
      ['{"op":"status"', /no JSON object/],
      ['{"op":"explode"}', /unknown op/],
      ['{"op":"reload"}', /needs `policy`/],
    ] as [string, RegExp][]
  ) {
    assert.match(String((await p.runner.ask(p.socket, OURS, line)).error), error);
  }
  const long = `import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
try:
    while True: s.sendall(b"x" * 65536)
except OSError: pass
print('{"answer":' + s.recv(4096).decode().strip() + '}', flush=True)`;
  await p.runner.step([PYTHON, "-c", long, p.socket], OURS);
  assert.match(String((await p.runner.answer()).error), /too long/);
});

Deno.test("silent callers are given up, and a flood of strangers keeps nobody waiting", async () => {
  await using p = await place();
  const silent = `import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b'{"op":')
print('{"answer":{"silent":"' + s.recv(4096).decode() + '"}}', flush=True)`;
  await p.runner.step([PYTHON, "-c", silent, p.socket], OURS);
  const flood = `import socket, sys
print("on", flush=True)
while True:
    s = socket.socket(socket.AF_UNIX)
    try: s.connect(sys.argv[1])
    except OSError: pass`;
  const stranger = p.world.spawn(PYTHON, "-c", flood, p.socket);
  const said = stranger.stdout.getReader();
  await said.read();
  const answer = await p.runner.ask(p.socket, OURS);
  assert.deepEqual(answer.request ?? answer, { op: "status" });
  assert.deepEqual(await p.runner.answer(), { silent: "" });
  stranger.kill("SIGKILL");
  await stranger.status;
  await Promise.all([said.cancel(), stranger.stderr.cancel(), stranger.stdin.close()]);
});

Deno.test("another step that an earlier one's GITHUB_ENV makes claim our action gives no orders", async () => {
  await using p = await place();
  await p.runner.step(asking(p.socket, "plain", '{"op":"shutdown"}'), OURS, undefined, {
    claims: true,
  });
  assert.match(String((await p.runner.answer()).error), /belongs to/);
});

Deno.test("traffic carries the step that its process was born in", async () => {
  await using p = await place();
  await putRules(p.world);
  p.engine.judge = () => verdict("deny");
  const send = (tag: string) => `
import os, socket, sys, time
${tag}
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"out", ("${OUTSIDE}", 7777))`;
  const daemon = `parent = os.getpid()
if os.fork(): os._exit(0)
os.setsid()
while os.getppid() == parent: time.sleep(0.01)
if os.fork(): os._exit(0)`;
  const seen = async (argv: string[], env: Record<string, string>) => {
    await p.runner.step(argv, env);
    const asked = await p.engine.messages.take((m) => m.op === "judge");
    const { step, action } = asked.event as Record<string, unknown>;
    return { step, action };
  };
  const theirs = { step: "__step", action: "evil/action" };
  const env = stepOf("evil/action");
  assert.deepEqual(await seen([PYTHON, "-c", send("")], env), theirs);
  assert.deepEqual(await seen([PYTHON, "-c", send(daemon)], env), theirs);
  assert.deepEqual(
    await seen(["nohup", "setsid", "env", "-i", ...[PYTHON, "-c", send("")]], env),
    theirs,
  );
  const forged = ["env", "GITHUB_ACTION=other", "GITHUB_ACTION_REPOSITORY=owner/egress"];
  assert.deepEqual(await seen([...forged, PYTHON, "-c", send("")], env), theirs);
  // More than one part of the environment.
  const large = {
    ...Object.fromEntries([...Array(60).keys()].map((n) => [`V${n}`, "v".repeat(1000)])),
  };
  assert.deepEqual(await seen([PYTHON, "-c", send("")], { ...large, ...env }), theirs);
  assert.deepEqual(await seen([PYTHON, "-c", send("")], {}), {
    step: undefined,
    action: undefined,
  });
});
