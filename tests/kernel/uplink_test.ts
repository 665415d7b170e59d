import assert from "node:assert/strict";
import { FakeEngine, KernelRole } from "../support/kernel_role.ts";
import { INSIDE, OUTSIDE, PYTHON, sh, World } from "../support/kernel_world.ts";

const TCP_PORT = 8080;
const UDP_PORT = 7777;

async function start(world: World, more: { machine?: boolean; scopeCgroupDir?: string } = {}) {
  const engine = await FakeEngine.at(world.folder);
  world.onEnd(() => engine.end());
  const role = await KernelRole.start(world, engine, { uplinks: true, ...more });
  await role.ready();
  return role;
}

/** Runs a script in the world's namespace, in the cgroup or outside. */
function inNear(world: World, script: string): Promise<string> {
  return sh(`nsenter --net=/run/netns/${world.netns} sh -euc '${script}'`);
}

/** A UDP packet that only the uplink's hook can stop: the cgroup's hook is detached first. */
async function withoutCgroupGate(world: World): Promise<void> {
  const shown = await sh(`bpftool cgroup show ${world.scopeDir}`);
  const id = /^(\d+) .* gate *$/m.exec(shown)?.[1];
  await sh(`bpftool cgroup detach ${world.scopeDir} cgroup_inet_egress id ${id}`);
}

const SEND_UDP = `
import socket
try: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"out", ("${OUTSIDE}", ${UDP_PORT})); print("sent")
except OSError as error: print(type(error).__name__)
`;

Deno.test("the uplink drops what the scope's sockets send, and nothing of others", async () => {
  await using world = await World.create();
  const role = await start(world);
  const far = await world.listener("far", OUTSIDE, TCP_PORT, UDP_PORT);
  await withoutCgroupGate(world);
  await world.run(PYTHON, "-c", SEND_UDP);
  const line = await role.log((e) => e.type === "gate" && e.message === "udp packet");
  assert.equal(line.dst_ip, OUTSIDE);
  assert.equal(line.dst_port, UDP_PORT);
  assert.deepEqual(line.cmdline, [PYTHON, "-c", SEND_UDP]);
  assert.deepEqual(far.left, []);
  await Deno.writeTextFile(`${world.folder}/send.py`, SEND_UDP);
  await inNear(world, `${PYTHON} ${world.folder}/send.py`);
  assert.equal((await far.take()).src_ip, INSIDE);
});

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(`not within 20 s: ${what}`);
}

async function uplinks(role: KernelRole): Promise<number | undefined> {
  const status = await role.supervisor.request<{ uplinks?: number }>({ op: "status" });
  return status.uplinks;
}

Deno.test("devices that come later get the gate, and those that go lose it", async () => {
  await using world = await World.create();
  const role = await start(world);
  assert.equal(await uplinks(role), 1);
  await inNear(world, "ip link add later type veth peer name later2; ip link set later up");
  await until("the new devices have the gate", async () => await uplinks(role) === 3);
  await inNear(world, "ip link del later");
  await until("it is forgotten", async () => await uplinks(role) === 1);
});

Deno.test("a crash leaves the uplinks shut, a restart takes them over, stop frees them", async () => {
  await using world = await World.create();
  const first = await start(world);
  const far = await world.listener("far", OUTSIDE, TCP_PORT, UDP_PORT);
  await first.kill();
  await withoutCgroupGate(world);
  await world.run(PYTHON, "-c", SEND_UDP);
  const second = await start(world);
  await withoutCgroupGate(world);
  await world.run(PYTHON, "-c", SEND_UDP);
  await second.log((e) => e.type === "gate" && e.message === "udp packet");
  assert.deepEqual(far.left, []);
  await second.supervisor.request({ op: "stop" });
  await second.ended;
  await world.run(PYTHON, "-c", SEND_UDP);
  await far.take();
});

/** Sends a packet over loopback, whence netfilter puts it on the uplink, to another address. */
const loop = (world: World) => `
import socket, subprocess, time
rules = """table netdev loop {
  chain ingress {
    type filter hook ingress device "lo" priority 0;
    udp dport ${UDP_PORT} ip daddr set ${OUTSIDE} fwd ip to ${OUTSIDE} device "n${world.id}"
  }
}
"""
subprocess.run(["nft", "-f", "-"], input=rules.encode(), check=True)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
# The first may be lost while the neighbour is looked for.
try:
    for _ in range(3): s.sendto(b"looped", ("${INSIDE}", ${UDP_PORT})); time.sleep(0.05)
finally: subprocess.run(["nft", "delete", "table", "netdev", "loop"], check=True)
`;

/** Writes a packet into a TUN device, as if it came from there, for the kernel to forward. */
const TUNNEL = `
import fcntl, socket, struct, subprocess
tun = open("/dev/net/tun", "r+b", buffering=0)
fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH22x", b"hole", 0x1001))
open("/proc/sys/net/ipv4/ip_forward", "w").write("1")
for name in ("all", "hole"): open(f"/proc/sys/net/ipv4/conf/{name}/rp_filter", "w").write("0")
subprocess.run("ip address add 10.99.0.1/24 dev hole; ip link set hole up", shell=True, check=True)
def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xffff)
    return ~(total + (total >> 16)) & 0xffff
payload = b"tunnel"
udp = struct.pack("!HHHH", 4444, ${UDP_PORT}, 8 + len(payload), 0) + payload
head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0,
    socket.inet_aton("10.77.0.9"), socket.inet_aton("${OUTSIDE}"))
tun.write(head[:10] + struct.pack("!H", checksum(head)) + head[12:] + udp)
`;

for (
  const [name, program] of [
    ["packets that the scope sends over loopback", loop],
    ["packets that the scope writes into a TUN device of its own", () => TUNNEL],
  ] as const
) {
  Deno.test(`${name} are not forwarded to the uplink`, async () => {
    await using world = await World.create();
    const far = await world.listener("far", OUTSIDE, TCP_PORT, UDP_PORT);
    const file = `${world.folder}/program.py`;
    await Deno.writeTextFile(file, program(world));
    await Deno.writeTextFile(`${world.folder}/end.py`, SEND_UDP.replace("out", "end"));
    // Without egress it gets out.
    await inNear(world, `${PYTHON} ${file}`);
    const got = await far.take();
    const role = await start(world);
    const ended = await world.run(PYTHON, file);
    assert.equal(ended.stderr, "");
    const line = await role.log((e) => e.type === "gate");
    assert.equal(line.message, "udp packet, forwarded");
    assert.equal(line.dst_ip, OUTSIDE);
    // Those of the control that came after its first.
    await inNear(world, `${PYTHON} ${world.folder}/end.py`);
    await far.take((it) => it.data === "end");
    assert.ok(far.left.every((it) => it.src_port === got.src_port));
  });
}

Deno.test("what others' devices forward passes", async () => {
  await using world = await World.create();
  await start(world);
  const far = await world.listener("far", OUTSIDE, TCP_PORT, UDP_PORT);
  await Deno.writeTextFile(`${world.folder}/tunnel.py`, TUNNEL);
  await inNear(world, `${PYTHON} ${world.folder}/tunnel.py`);
  await far.take();
});

Deno.test("whole machine: every socket is judged but those of registered roles", async (t) => {
  await using world = await World.create();
  const far = await world.listener("far", OUTSIDE, TCP_PORT, UDP_PORT);
  const role = await start(world, { machine: true });
  /** Sends a datagram for each line of stdin, by a socket made before the first. */
  const program = `
import socket, sys
old = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print("ready", flush=True)
for line in sys.stdin:
    made = old if line.strip() == "old" else socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.sendto(line.strip().encode(), ("${OUTSIDE}", ${UDP_PORT}))
    print("sent", flush=True)
`;
  const child = new Deno.Command("nsenter", {
    args: [`--net=/run/netns/${world.netns}`, PYTHON, "-c", program],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const say = async (word: string) => {
    await input.write(new TextEncoder().encode(`${word}\n`));
    await output.read();
  };
  await output.read();
  await t.step("a process that nobody registered, outside any scope", async () => {
    await say("old");
    const line = await role.log((e) => e.type === "gate");
    assert.equal(line.message, "udp packet");
    assert.deepEqual(far.left, []);
  });
  await t.step("a registered one, by old sockets and new ones", async () => {
    const answer = await role.supervisor.request({ op: "roles", pids: [child.pid] });
    assert.deepEqual(answer, { ok: true });
    await say("old");
    assert.equal((await far.take()).data, "old");
    await say("new");
    assert.equal((await far.take()).data, "new");
  });
  await t.step("struck off again: no new ones", async () => {
    await role.supervisor.request({ op: "roles", pids: [] });
    await say("newer");
    await role.log((e) => e.type === "gate" && e.message === "udp packet");
    assert.deepEqual(far.left, []);
  });
  await t.step("what is forwarded", async () => {
    await Deno.writeTextFile(`${world.folder}/tunnel.py`, TUNNEL);
    await inNear(world, `${PYTHON} ${world.folder}/tunnel.py`);
    await role.log((e) => e.type === "gate" && e.message === "udp packet, forwarded");
    assert.deepEqual(far.left, []);
  });
  await input.close();
  await output.cancel();
  await child.status;
});
