import assert from "node:assert/strict";
import { FakeEngine, KernelRole } from "../support/kernel_role.ts";
import { INSIDE, OUTSIDE, PYTHON, sh, World } from "../support/kernel_world.ts";

const TCP_PORT = 8080;
const UDP_PORT = 7777;

async function start(world: World, more: { audit?: boolean } = {}) {
  const engine = await FakeEngine.at(world.folder);
  world.onEnd(() => engine.end());
  const role = await KernelRole.start(world, engine, more);
  await role.ready();
  return { engine, role };
}

/** Sends over IPv4 by TCP and UDP; says what happened to each. */
const SENDER = `
import socket
def attempt(name, work):
    try:
        work()
        print(name, "sent")
    except OSError as error:
        print(name, type(error).__name__)
def tcp():
    s = socket.socket()
    s.settimeout(0.5)
    s.connect(("${OUTSIDE}", ${TCP_PORT}))
def udp():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.sendto(b"out", ("${OUTSIDE}", ${UDP_PORT}))
attempt("tcp", tcp)
attempt("udp", udp)
`;

Deno.test("with no netfilter rule at all nothing leaves the scope, and the gate reports it", async () => {
  await using world = await World.create();
  const { role } = await start(world);
  const far = await world.listener("far", OUTSIDE, TCP_PORT, UDP_PORT);
  const ended = await world.run(PYTHON, "-c", SENDER);
  assert.match(ended.stdout, /tcp (TimeoutError|PermissionError)/);
  assert.match(ended.stdout, /udp PermissionError/);
  const udp = await role.log((e) => e.type === "gate" && e.message === "udp packet");
  assert.equal(udp.policy, "deny");
  assert.equal(udp.reason, "gate");
  assert.equal(udp.dst_ip, OUTSIDE);
  assert.equal(udp.dst_port, UDP_PORT);
  assert.deepEqual(udp.cmdline, [PYTHON, "-c", SENDER]);
  const tcp = await role.log((e) => e.type === "gate" && e.message === "tcp packet");
  assert.equal(tcp.dst_port, TCP_PORT);
  assert.equal(tcp.pid, udp.pid);
  assert.deepEqual(far.left, []);
  const status = await role.supervisor.request<{ gate: { dropped: number } }>({ op: "status" });
  assert.ok(status.gate.dropped >= 2);
});

Deno.test("processes outside the scope are left alone", async () => {
  await using world = await World.create();
  await start(world);
  const far = await world.listener("far", OUTSIDE, TCP_PORT, UDP_PORT);
  await world.near(`echo hello > /dev/udp/${OUTSIDE}/${UDP_PORT} || python3 -c "
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b\\"hello\\", (\\"${OUTSIDE}\\", ${UDP_PORT}))"`);
  const got = await far.take();
  assert.equal(got.src_ip, INSIDE);
});

Deno.test("loopback is no egress", async () => {
  await using world = await World.create();
  await start(world);
  const near = await world.listener("near", "127.0.0.1", TCP_PORT, UDP_PORT);
  const program = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"hi", ("127.0.0.1", ${UDP_PORT}))
print(s.recv(10))
`;
  assert.equal((await world.run(PYTHON, "-c", program)).stdout, "b'hi'\n");
  assert.equal((await near.take()).data, "hi");
});

Deno.test("ping, raw sockets and IPv6 are refused and reported with who tried", async (t) => {
  await using world = await World.create();
  const { role } = await start(world);
  const python = (program: string) => world.run(PYTHON, "-c", program);
  await t.step("ping socket", async () => {
    await sh(
      `nsenter --net=/run/netns/${world.netns} sysctl -qw net.ipv4.ping_group_range="0 100"`,
    );
    const program = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
s.sendto(bytes([8, 0, 0, 0, 0, 0, 0, 0]), ("${OUTSIDE}", 0))
`;
    assert.match((await python(program)).stderr, /PermissionError/);
    const line = await role.log((e) => e.type === "gate" && e.message === "icmp packet");
    assert.equal(line.dst_ip, OUTSIDE);
    assert.deepEqual(line.cmdline, [PYTHON, "-c", program]);
  });
  await t.step("raw socket", async () => {
    const program = "import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 255)";
    assert.match((await python(program)).stderr, /PermissionError/);
    const line = await role.log((e) =>
      e.type === "gate" && e.message === "socket refused: protocol 255"
    );
    assert.deepEqual(line.cmdline, [PYTHON, "-c", program]);
  });
  await t.step("TCP over IPv6", async () => {
    const program =
      `import socket; socket.socket(socket.AF_INET6).connect(("fd77::2", ${TCP_PORT}))`;
    assert.match((await python(program)).stderr, /Errno 101/);
    const line = await role.log((e) => e.message === "tcp over IPv6 refused");
    assert.equal(line.dst_ip, "fd77::2");
    assert.equal(line.dst_port, TCP_PORT);
  });
  await t.step("UDP over IPv6", async () => {
    const program =
      `import socket; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b"x", ("fd77::2", 9))`;
    assert.match((await python(program)).stderr, /Errno 101/);
    const line = await role.log((e) => e.message === "udp over IPv6 refused");
    assert.deepEqual(line.cmdline, [PYTHON, "-c", program]);
  });
});

Deno.test("a flood is told in few lines that count it", async () => {
  await using world = await World.create();
  const { role } = await start(world);
  const program = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(500):
    try:
        s.sendto(b"out", ("${OUTSIDE}", ${UDP_PORT}))
    except OSError:
        pass
`;
  await world.run(PYTHON, "-c", program);
  let told = 0;
  let lines = 0;
  while (told < 500) {
    const line = await role.log((e) => e.type === "gate");
    told += (line.count as number | undefined) ?? 1;
    lines++;
  }
  assert.equal(told, 500);
  assert.ok(lines < 10, `${lines} lines`);
});

Deno.test("audit mode reports and lets pass", async () => {
  await using world = await World.create();
  const { role } = await start(world, { audit: true });
  const far = await world.listener("far", OUTSIDE, TCP_PORT, UDP_PORT);
  const ended = await world.run(PYTHON, "-c", SENDER);
  assert.equal(ended.stdout, "tcp sent\nudp sent\n");
  await far.take((line) => line.kind === "udp");
  const line = await role.log((e) => e.type === "gate" && e.message === "udp packet");
  assert.equal(line.policy, "deny");
});

Deno.test("closed mode shuts what audit mode let pass", async () => {
  await using world = await World.create();
  const { role } = await start(world, { audit: true });
  const far = await world.listener("far", OUTSIDE, TCP_PORT, UDP_PORT);
  const order = { op: "mode", mode: "closed", reason: "log_failed" };
  assert.deepEqual(await role.supervisor.request(order), { ok: true });
  assert.match((await world.run(PYTHON, "-c", SENDER)).stdout, /udp PermissionError/);
  assert.deepEqual(far.left, []);
});

Deno.test("a process that leaves the scope's cgroup, and its children, get no sockets", async () => {
  await using world = await World.create();
  const { role } = await start(world);
  const far = await world.listener("far", OUTSIDE, TCP_PORT, UDP_PORT);
  const script = `echo $$ > ${world.root}/cgroup.procs; ${PYTHON} -c "$0"; true`;
  const ended = await world.run("sh", "-c", script, SENDER);
  assert.equal(ended.stdout, "tcp PermissionError\nudp PermissionError\n");
  const line = await role.log((e) => e.type === "gate");
  assert.match(String(line.message), /left the scope's cgroup/);
  assert.deepEqual(line.cmdline, [PYTHON, "-c", SENDER]);
  assert.deepEqual(far.left, []);
});

Deno.test("a process that makes a packet socket is ended before it can use it", async () => {
  await using world = await World.create();
  const { role } = await start(world);
  const far = await world.listener("far", OUTSIDE, TCP_PORT, UDP_PORT);
  const program = `
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0x0800)
print("made")
`;
  const ended = await world.run(PYTHON, "-c", program);
  assert.deepEqual([ended.code, ended.stdout], [137, ""]);
  const line = await role.log((e) => e.type === "gate");
  assert.match(String(line.message), /packet socket/);
  assert.deepEqual(line.cmdline, [PYTHON, "-c", program]);
  assert.deepEqual(far.left, []);
});
