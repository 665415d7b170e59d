/** Root in the scope against what egress has put into the kernel, and against its processes. */

import assert from "node:assert/strict";
import { inPython, inShell, OWN_RUN, SEND, SENDING } from "../support/attack.ts";
import { some } from "../support/log.ts";
import { suite } from "../support/suite.ts";

const test = suite();
const control = SENDING;

test("attack: root detaches the gate by bpf(2)", async (scene) => {
  const run = await inShell(
    scene,
    `${OWN_RUN}
    bpftool cgroup show $cg/scope 2>&1 | grep -E '^[0-9]' | while read -r id type rest; do
      for type in $type cgroup_inet_egress egress; do
        bpftool cgroup detach $cg/scope $type id $id && echo "detached $id"
      done
    done
    ${SEND}`,
    { control },
  );
  assert.doesNotMatch(run.stdout, /detached/);
  const message = "bpf refused: a command that takes hold of loaded programs";
  some(run.log, { type: "gate", message });
});

/** Asks bpf(2) for every program, link and map, and detaches, overwrites and empties what it gets. */
const TAKE_HOLD = `
import ctypes, os, struct
libc = ctypes.CDLL(None, use_errno=True)
def bpf(command, attr):
    buffer = ctypes.create_string_buffer(attr.ljust(128, b"\\0"), 128)
    result = libc.syscall(321, command, buffer, 128)
    return result if result >= 0 else -ctypes.get_errno()
def all_ids(next_command):
    id = 0
    while True:
        buffer = ctypes.create_string_buffer(struct.pack("II", id, 0).ljust(128, b"\\0"), 128)
        if libc.syscall(321, next_command, buffer, 128) < 0: return
        id = struct.unpack_from("I", buffer, 4)[0]
        yield id
held = 0
for get_next, get_fd in ((11, 13), (12, 14), (31, 30)):
    for id in all_ids(get_next):
        held += bpf(get_fd, struct.pack("I", id)) >= 0
print("held", held)
`;

test("attack: root asks bpf(2) for the gate's programs, maps and links", async (scene) => {
  const run = await inPython(scene, TAKE_HOLD, { control: null });
  assert.equal(run.stdout, "held 0\n", run.stderr);
});

test("attack: root removes the gate's pins, then kills every process of egress", async (scene) => {
  const running = await scene.start({
    policy: "site.test",
    command: [
      "bash",
      "-c",
      `${OWN_RUN}
      for folder in /run/egress/$run/private /proc/[0-9]*/root/run/egress/$run/private; do
        rm -rf $folder/bpf/pins/* && find $folder/bpf/pins -type f | grep . && echo "pins are left"
      done
      pids="$(cat $cg/roles/cgroup.procs)"
      for p in $pids; do
        parent=$(sed -n 's/^PPid:\\t//p' /proc/$p/status)
        case $(tr '\\0' ' ' </proc/$parent/cmdline) in *cli.js*) pids="$pids $parent";; esac
      done
      kill -9 $pids
      until ! grep -q . $cg/roles/cgroup.procs; do :; done
      ${SEND}
      echo done`,
    ],
  });
  const { stdout } = await running.finished;
  assert.match(stdout, /done\n$/);
  await scene.attackerGotNothing();
  // The next one clears away what is left.
  await scene.run({ policy: "site.test", command: ["true"] });
});

test("attack: root writes the engine's verdicts itself", async (scene) => {
  const run = await inShell(
    scene,
    `${OWN_RUN}
    find /run/egress/$run /proc/[0-9]*/root/run/egress/$run -name 'engine-*' -o -name '*.sock' 2>/dev/null
    echo searched; ${SEND}`,
    { control },
  );
  assert.match(run.stdout, /^searched/, run.stderr);
});

test("attack: root traces egress's own processes, reads and writes their memory, takes their descriptors", async (scene) => {
  const program = `
import ctypes, os, re, glob, struct
libc = ctypes.CDLL(None, use_errno=True)
run = re.search(r"egress-([0-9a-f]+)/scope", open("/proc/self/cgroup").read()).group(1)
procs = [p for root in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")
         for p in glob.glob(root + "/**/egress-" + run + "/roles/cgroup.procs", recursive=True)][0]
pids = [int(p) for p in open(procs).read().split()]
pids += [1, int(re.search(r"PPid:\\s(\\d+)", open(f"/proc/{pids[0]}/status").read()).group(1))]
got = []
def attempt(name, work):
    try:
        if work() >= 0: got.append(name)
    except OSError: pass
def opened(path, flags):
    return lambda: os.open(path, flags)
local = ctypes.create_string_buffer(8)
def iov(address): return (ctypes.c_uint64 * 2)(address, 8)
for pid in pids:
    attempt("ptrace", lambda: libc.ptrace(0x4206, pid, 0, 0))
    attempt("mem", opened(f"/proc/{pid}/mem", os.O_RDONLY))
    attempt("write mem", opened(f"/proc/{pid}/mem", os.O_RDWR))
    attempt("root", lambda: len(os.listdir(f"/proc/{pid}/root")))
    attempt("fd", lambda: len(os.readlink(f"/proc/{pid}/fd/0")))
    attempt("ns", opened(f"/proc/{pid}/ns/mnt", os.O_RDONLY))
    attempt("net", opened(f"/proc/{pid}/ns/net", os.O_RDONLY))
    attempt("vm_readv", lambda: libc.process_vm_readv(pid, iov(ctypes.addressof(local)), 1, iov(4096), 1, 0))
    attempt("getfd", lambda: libc.syscall(438, os.pidfd_open(pid), 0, 0))
print(len(pids), "processes", sorted(set(got)))
`;
  const run = await inPython(scene, program, { control: null });
  assert.match(run.stdout, /^[4-9] processes \[\]\n$/, run.stdout + run.stderr);
  some(run.log, {
    type: "gate",
    message: "pidfd_getfd refused: a descriptor of another process",
  });
});

test("attack: root loads a kernel module, another kernel, or writes to the kernel's memory", async (scene) => {
  const program = `
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
EPERM = 1
for name, args in (("init_module", (175, b"", 0, b"")), ("finit_module", (313, 0, b"", 0)),
                   ("kexec_load", (246, 0, 0, 0, 0)), ("iopl", (172, 3))):
    result = libc.syscall(*args)
    print(name, "refused" if result < 0 and ctypes.get_errno() in (EPERM, 38) else "got further")
for path in ("/dev/mem", "/dev/port", "/proc/kcore"):
    try: os.open(path, os.O_RDWR); print(path, "opened")
    except OSError: print(path, "refused")
bounds = int(open("/proc/self/status").read().split("CapBnd:")[1].split()[0], 16)
print("capabilities", [bit for bit in (16, 17, 19, 22) if bounds >> bit & 1])
`;
  const run = await inPython(scene, program, { control: null });
  assert.doesNotMatch(run.stdout, /further|opened/);
  assert.equal(run.stdout.match(/refused/g)?.length, 7, run.stderr);
  // SYS_MODULE, SYS_RAWIO, SYS_PTRACE, SYS_BOOT
  assert.match(run.stdout, /^capabilities \[\]$/m);
});

test("attack: sockets that no hook of a cgroup sees: packet, XDP, VSOCK and the rare families", async (scene) => {
  const run = await inPython(
    scene,
    `
import socket
for family in range(64):
    for kind in (1, 2, 3, 5):
        try: socket.socket(family, kind, 0); print(family)
        except OSError as error:
            if family not in (0, 1, 2, 10, 16, 38) and error.errno != 1: print(family, error)
`,
    { control: null },
  );
  assert.deepEqual([...new Set(run.stdout.split("\n"))].sort(), ["", "1", "10", "16", "2"]);
  some(run.log, { type: "gate", message: "socket refused: a family that the gate cannot judge" });
});
