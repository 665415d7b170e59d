import assert from "node:assert/strict";
import type { Verdict } from "../../src/protocol/mod.ts";
import {
  connectProxy,
  DNS,
  FakeEngine,
  FRONT,
  KernelRole,
  putRules,
  verdict,
} from "../support/kernel_role.ts";
import { OUTSIDE, PYTHON, sh, World } from "../support/kernel_world.ts";

const SEND = `
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"out", ("${OUTSIDE}", 7777))
`;

async function engineFor(world: World): Promise<FakeEngine> {
  const engine = await FakeEngine.at(world.folder);
  world.onEnd(() => engine.end());
  return engine;
}

async function isShut(world: World): Promise<boolean> {
  return (await world.run(PYTHON, "-c", SEND)).stderr.includes("PermissionError");
}

async function pins(world: World): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(world.pinDir))).map((entry) => entry.name).sort();
}

Deno.test("a crash leaves the gate shut; a restart takes it over; stop leaves nothing", async () => {
  await using world = await World.create();
  const first = await KernelRole.start(world, await engineFor(world));
  await first.ready();
  assert.ok(await isShut(world));
  await first.kill();
  assert.deepEqual(await pins(world), ["links-1", "maps"]);
  assert.ok(await isShut(world));

  const second = await KernelRole.start(world, await engineFor(world));
  await second.ready();
  assert.deepEqual(await pins(world), ["links-2", "maps"]);
  assert.ok(await isShut(world));

  assert.deepEqual(await second.supervisor.request({ op: "stop" }), { ok: true });
  assert.equal((await second.ended).code, 0);
  assert.deepEqual(await pins(world), []);
  const far = await world.listener("far", OUTSIDE, 8080, 7777);
  assert.ok(!await isShut(world));
  await far.take();
});

Deno.test("with the role killed and its pins removed the gate is still shut, and a restart takes it over", async () => {
  await using world = await World.create();
  const first = await KernelRole.start(world, await engineFor(world));
  await first.ready();
  await first.kill();
  await sh(`rm -r ${world.pinDir}/*`);
  assert.ok(await isShut(world));

  const second = await KernelRole.start(world, await engineFor(world));
  await second.ready();
  assert.ok(await isShut(world));
  assert.equal(await heldPrograms(world), HELD);
  await second.supervisor.request({ op: "stop" });
  assert.equal(await heldPrograms(world), 0);
});

/** Programs that the scope's cgroup holds while a role runs. */
const HELD = 5;

async function heldPrograms(world: World): Promise<number> {
  const shown = await sh(`bpftool cgroup show ${world.scopeDir}`);
  return shown.split("\n").filter((line) => / (gate|refuse_\w+)\s*$/.test(line)).length;
}

Deno.test("without its supervisor it closes the gate, keeps the pins and ends", async () => {
  await using world = await World.create();
  const role = await KernelRole.start(world, await engineFor(world), { audit: true });
  await role.ready();
  assert.ok(!await isShut(world));
  await role.abandon();
  assert.equal((await role.ended).code, 0);
  assert.ok(await isShut(world));
});

Deno.test("what is missing at the start is named, and nothing is left behind", async (t) => {
  await using world = await World.create();
  const engine = await engineFor(world);
  const cases = {
    "scope cgroup": { scopeCgroupDir: `${world.root}/none` },
    "no BPF object": { object: "/nowhere.o" },
    "pin folder": { pinDir: `${world.folder}/not-bpf/deeper` },
    "bind": { socketPath: `${world.folder}/none/kernel.sock` },
  };
  for (const [text, more] of Object.entries(cases)) {
    await t.step(text, async () => {
      const role = await KernelRole.start(world, engine, more);
      const fatal = await role.supervisor.events.take((e) => e.op === "fatal");
      assert.ok(String(fatal.error).includes(text), String(fatal.error));
      assert.ok(String(fatal.hint).length > 0);
      assert.equal((await role.ended).code, 1);
      assert.deepEqual(await pins(world), []);
    });
  }
});

Deno.test("an object that the kernel refuses is named by program", async () => {
  await using world = await World.create();
  const source = `${world.folder}/bad.c`;
  await Deno.writeTextFile(
    source,
    `
    #include <linux/bpf.h>
    #include <bpf/bpf_helpers.h>
    struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1);
      __type(key, int); __type(value, int); }
      tcp_owner SEC(".maps"), tcp_closed SEC(".maps"), udp_owner SEC(".maps"), members SEC(".maps"),
      scope_devices SEC(".maps"), role_pids SEC(".maps"), role_sockets SEC(".maps"),
      inner_sockets SEC(".maps");
    SEC("cgroup_skb/egress") int gate(struct __sk_buff *skb) { return 1000; }
    char LICENSE[] SEC("license") = "GPL";
    `,
  );
  const args = ["-target", "bpf", "-O2", "-g", "-I/usr/include/x86_64-linux-gnu", "-c", source];
  const object = `${world.folder}/bad.o`;
  const built = await new Deno.Command("clang", { args: [...args, "-o", object] }).output();
  assert.ok(built.success, new TextDecoder().decode(built.stderr));
  const role = await KernelRole.start(world, await engineFor(world), { object });
  const fatal = await role.supervisor.events.take((e) => e.op === "fatal");
  assert.match(String(fatal.error), /program gate: cannot load: .*errno/);
  await role.ended;
});

Deno.test("roles' sockets that cannot be sped up are told of, and nothing else changes", async () => {
  await using world = await World.create();
  const roles = `${world.scopeDir}/../roles`;
  const alone = `${world.pinDir}/alone`;
  const source = `${world.folder}/alone.c`;
  await Deno.writeTextFile(
    source,
    `#include <linux/bpf.h>
    __attribute__((section("sockops"), used)) int alone(struct bpf_sock_ops *ctx) { return 1; }
    __attribute__((section("license"), used)) char LICENSE[] = "GPL";`,
  );
  const include = "-I/usr/include/x86_64-linux-gnu";
  await sh(`clang -target bpf -O2 -g ${include} -c ${source} -o ${world.folder}/alone.o`);
  // A program that was attached alone, not beside others, leaves no room for another one.
  await sh(
    `mkdir ${roles} && bpftool prog load ${world.folder}/alone.o ${alone} type sockops && ` +
      `bpftool cgroup attach ${roles} sock_ops pinned ${alone}`,
  );
  const role = await KernelRole.start(world, await engineFor(world), { rolesCgroupDir: roles });
  try {
    await role.ready();
    const { type, message } = await role.log(() => true);
    assert.equal(type, "error");
    assert.match(String(message), /^TCP_NODELAY cannot be set on the roles' sockets \(/);
  } finally {
    await role.kill();
    await sh(
      `bpftool cgroup detach ${roles} sock_ops pinned ${alone}; rm ${alone}; rmdir ${roles}`,
    );
  }
});

Deno.test("a queue number that is taken is named", async () => {
  await using world = await World.create();
  await (await KernelRole.start(world, await engineFor(world))).ready();
  await Deno.mkdir(`${world.folder}/bpf/other`);
  const other = await KernelRole.start(world, await engineFor(world), {
    pinDir: `${world.folder}/bpf/other`,
    socketPath: `${world.folder}/other.sock`,
  });
  const fatal = await other.supervisor.events.take((e) => e.op === "fatal");
  assert.match(String(fatal.error), /NFQUEUE 4711/);
  assert.match(String(fatal.hint), /another program listens/);
  await other.ended;
});

Deno.test("questions that a lost engine left wait for the next, which is told policy and lookups", async () => {
  await using world = await World.create();
  const old = await engineFor(world);
  old.judge = () => undefined;
  const role = await KernelRole.start(world, old);
  await role.ready();
  await putRules(world);
  const front = await world.listener("near", "127.0.0.1", FRONT, DNS);
  const proxy = await connectProxy(world, role);
  await world.run("bash", "-c", "exec 3<>/dev/tcp/192.0.2.9/4000");
  const { src_ip, src_port, local_ip, local_port } = await front.take();
  const ends = { src_ip, src_port, local_ip, local_port };
  const flow = await proxy.request({ op: "flow", protocol: "tcp", ...ends });
  const answer = { name: "a.example", ips: ["192.0.2.1"], ttl: 300 };
  assert.deepEqual(await proxy.request({ op: "lookup", answer }), { ok: true });
  const event = { type: "tcp", dst_ip: "192.0.2.9", dst_port: 4000 };
  const judged = proxy.request<Verdict>({ op: "judge", flow: flow.flow, event });
  await old.messages.take((m) => m.op === "judge");
  await old.end();
  await role.supervisor.events.take((e) => e.op === "engine-lost");

  const engine = await engineFor(world);
  engine.judge = () => verdict("allow");
  assert.deepEqual(await role.supervisor.request({ op: "engine", fifos: engine.fifos }), {
    ok: true,
  });
  assert.equal((await judged).policy, "allow");
  const told = await Promise.all([1, 2, 3].map(() => engine.messages.take()));
  assert.deepEqual(told.map((m) => m.op), ["load", "lookup", "judge"]);
  assert.deepEqual(told[1]!.answer, answer);
});

Deno.test("peers without the secret, and bytes that are no frames, are cut off", async (t) => {
  await using world = await World.create();
  const role = await KernelRole.start(world, await engineFor(world));
  await role.ready();
  await t.step("wrong secret", async () => {
    await (await connectProxy(world, role, "wrong")).ended;
  });
  await t.step("no frames", async () => {
    const client = await connectProxy(world, role);
    await client.write(new Uint8Array(64).fill(255));
    await client.ended;
  });
  await t.step("others are still served", async () => {
    const client = await connectProxy(world, role);
    assert.match(String((await client.request({ op: "nonsense" })).error), /unknown/);
  });
});
