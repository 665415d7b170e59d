import assert from "node:assert/strict";
import type { FlowAnswer, KernelBoot, PolicyEvent, Verdict } from "../../src/protocol/mod.ts";
import {
  connectProxy,
  DNS,
  FakeEngine,
  FRONT,
  KernelRole,
  putRules,
  verdict,
} from "../support/kernel_role.ts";
import { Inbox, readJsonLines } from "../support/kernel_lines.ts";
import { INSIDE, OUTSIDE, PYTHON, World } from "../support/kernel_world.ts";

const UDP_PORT = 7777;

async function start(
  world: World,
  judge: (event: PolicyEvent) => Verdict | undefined,
  more: Partial<KernelBoot> = {},
) {
  const engine = await FakeEngine.at(world.folder);
  world.onEnd(() => engine.end());
  engine.judge = judge;
  const role = await KernelRole.start(world, engine, more);
  await role.ready();
  await putRules(world);
  const far = await world.listener("far", OUTSIDE, 8080, UDP_PORT);
  return { engine, role, far };
}

const UNCONNECTED = `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(3)
s.sendto(b"hello", ("${OUTSIDE}", int(sys.argv[1])))
print(s.recv(100).decode())
`;
const CONNECTED = `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(3)
s.connect(("${OUTSIDE}", int(sys.argv[1])))
s.send(b"hello")
print(s.recv(100).decode())
`;
const MAPPED_UNCONNECTED = `
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.settimeout(3)
s.sendto(b"hello", ("::ffff:${OUTSIDE}", int(sys.argv[1])))
print(s.recv(100).decode())
`;
const MAPPED_CONNECTED = `
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.settimeout(3)
s.connect(("::ffff:${OUTSIDE}", int(sys.argv[1])))
s.send(b"hello")
print(s.recv(100).decode())
`;
const BOUND = `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("${INSIDE}", 0))
s.settimeout(3)
s.sendto(b"hello", ("${OUTSIDE}", int(sys.argv[1])))
print(s.recv(100).decode())
`;
const PROGRAMS = { UNCONNECTED, CONNECTED, MAPPED_UNCONNECTED, MAPPED_CONNECTED, BOUND };

Deno.test("allowed UDP flows reach the other side and are logged with their process", async (t) => {
  await using world = await World.create();
  const { role, far } = await start(world, () => verdict("allow", { ttl: 60 }));
  for (const [name, program] of Object.entries(PROGRAMS)) {
    await t.step(name, async () => {
      const ended = await world.run(PYTHON, "-c", program, `${UDP_PORT}`);
      assert.deepEqual(ended, { code: 0, stdout: "hello\n", stderr: "" });
      await far.take((line) => line.kind === "udp");
      const line = await role.log((event) => event.type === "udp");
      assert.equal(line.policy, "allow");
      assert.equal(line.dst_ip, OUTSIDE);
      assert.equal(line.dst_port, UDP_PORT);
      assert.equal(line.rule, "a rule");
      assert.match(String(line.exe), /\/bin\/python3[.\d]*$/);
      assert.deepEqual(line.cmdline, [PYTHON, "-c", program, `${UDP_PORT}`]);
      assert.equal(line.cgroup, world.scopePath);
    });
  }
  assert.deepEqual(far.left, []);
});

Deno.test("denied UDP is refused at once, reaches nobody and is logged", async () => {
  await using world = await World.create();
  const { role, far } = await start(world, () => verdict("deny", { hint: `${OUTSIDE}:7777/udp` }));
  const ended = await world.run(PYTHON, "-c", CONNECTED, `${UDP_PORT}`);
  assert.match(ended.stderr, /ConnectionRefusedError/);
  const line = await role.log((event) => event.type === "udp");
  assert.equal(line.policy, "deny");
  assert.equal(line.reason, "no_rule");
  assert.equal(line.hint, `${OUTSIDE}:7777/udp`);
  assert.deepEqual(far.left, []);
});

Deno.test("an allowed flow is judged again when its time is up, and after a new policy", async () => {
  await using world = await World.create();
  let answer = verdict("allow", { ttl: 3600 });
  const { role, engine } = await start(world, () => answer);
  const program = `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(3)
s.connect(("${OUTSIDE}", ${UDP_PORT}))
for line in sys.stdin:
    try:
        s.send(b"hello")
        s.recv(100)
        print('{"result": "answered"}', flush=True)
    except OSError:
        print('{"result": "refused"}', flush=True)
`;
  const child = world.spawn(PYTHON, "-uc", program);
  const writer = child.stdin.getWriter();
  const lines = new Inbox<Record<string, unknown>>();
  const reading = readJsonLines(child.stdout, lines);
  const ask = async () => {
    await writer.write(new TextEncoder().encode("go\n"));
    return (await lines.take()).result;
  };
  world.onEnd(async () => {
    await writer.close().catch(() => {});
    await reading;
    await child.stderr.cancel();
    await child.status;
  });
  assert.equal(await ask(), "answered");
  assert.equal(await ask(), "answered");
  assert.equal(engine.messages.left.filter((m) => m.op === "judge").length, 1);
  answer = verdict("deny");
  const policy = { text: "b.example\n", audit: false, prelude: "" };
  assert.deepEqual(await role.supervisor.request({ op: "load", policy }), { ok: true });
  assert.equal(await ask(), "refused");
  answer = verdict("allow", { ttl: 1 });
  const judged = () => engine.messages.left.filter((m) => m.op === "judge").length;
  const before = judged();
  // Judged once for the first packet; the second judgement comes when that has run out.
  while (judged() < before + 2) assert.equal(await ask(), "answered");
});

Deno.test("DNS queries go to the proxy's port with their original destination and process", async () => {
  await using world = await World.create();
  const { role, far } = await start(world, () => verdict("allow"));
  const near = await world.listener("near", "127.0.0.1", FRONT, DNS);
  const proxy = await connectProxy(world, role);
  const child = world.spawn("dig", "+tries=1", "+time=1", "@192.0.2.53", "name.example");
  const { src_ip, src_port, local_ip, local_port } = await near.take();
  const flow = await proxy.request<FlowAnswer>({
    op: "flow",
    protocol: "udp",
    ...{ src_ip, src_port, local_ip, local_port },
  });
  assert.ok(flow.ok);
  assert.equal(flow.dst_ip, "192.0.2.53");
  assert.equal(flow.dst_port, 53);
  assert.equal(flow.process.exe, "/usr/bin/dig");
  assert.equal(flow.process.pid, child.pid);
  await child.stdin.close();
  await child.output();
  assert.deepEqual(far.left, []);
});

Deno.test("what is sent to port 53 and is no DNS query is denied as malformed", async () => {
  await using world = await World.create();
  const { role, engine } = await start(world, () => verdict("allow"));
  const ended = await world.run(PYTHON, "-c", CONNECTED, "53");
  assert.match(ended.stderr, /ConnectionRefusedError/);
  const line = await role.log((event) => event.type === "udp");
  assert.equal(line.reason, "malformed");
  assert.equal(engine.messages.left.filter((m) => m.op === "judge").length, 0);
});

Deno.test("a packet that already carries one of the marks is dropped", async () => {
  await using world = await World.create();
  const { role, far } = await start(world, () => verdict("allow"));
  const { allow } = role.boot.marks;
  const program = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 36, ${allow})
try:
    s.sendto(b"forged", ("${OUTSIDE}", ${UDP_PORT}))
except OSError as error:
    print(error.errno)
`;
  await world.run(PYTHON, "-c", program);
  const line = await role.log((event) => event.policy === "deny");
  assert.equal(line.reason, "gate");
  assert.deepEqual(far.left, []);
});

Deno.test("an engine that does not answer means denial", async () => {
  await using world = await World.create();
  const { role, far } = await start(world, () => undefined);
  const ended = await world.run(PYTHON, "-c", CONNECTED, `${UDP_PORT}`);
  assert.match(ended.stderr, /ConnectionRefusedError/);
  const line = await role.log((event) => event.type === "udp");
  assert.equal(line.reason, "unavailable");
  assert.deepEqual(far.left, []);
});

Deno.test("audit mode logs a denial and lets the packet pass, malformed DNS too", async () => {
  await using world = await World.create();
  const deny = verdict("deny", { pass: true });
  const { role, far } = await start(world, () => deny, { audit: true });
  const ended = await world.run(PYTHON, "-c", CONNECTED, `${UDP_PORT}`);
  assert.equal(ended.stdout, "hello\n");
  assert.equal((await role.log((event) => event.type === "udp")).reason, "no_rule");
  await far.take();
  const resolver = await world.listener("far", OUTSIDE, 8053, 53);
  assert.equal((await world.run(PYTHON, "-c", CONNECTED, "53")).stdout, "hello\n");
  assert.equal((await role.log((event) => event.type === "udp")).reason, "malformed");
  await resolver.take();
});
