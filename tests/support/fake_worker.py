"""Stands for Runner.Worker: starts steps as it is told, one JSON line each on stdin.

{"argv": [...], "env": {...}, "pid": N}    pid: the step gets this process id (clone3 with set_tid)
With a GITHUB_ACTION_REPOSITORY it starts as a JavaScript action's does, by the worker's node with a script of the action's
folder; "claims": true leaves it at what its environment says, as for any other step. Then argv takes that process's place, but
with "stays": true it is its child.
Each start is answered by {"started": PID}; what steps print goes to the same stdout.
"""
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys

libc = ctypes.CDLL(None, use_errno=True)
PR_SET_CHILD_SUBREAPER = 36
SYS_CLONE3 = 435


class CloneArgs(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in (
        "flags", "pidfd", "child_tid", "parent_tid", "exit_signal", "stack", "stack_size", "tls",
        "set_tid", "set_tid_size", "cgroup")]


def start_as(pid, argv, env):
    tid = ctypes.c_int32(pid)
    args = CloneArgs(exit_signal=signal.SIGCHLD, set_tid=ctypes.addressof(tid), set_tid_size=1)
    child = libc.syscall(SYS_CLONE3, ctypes.byref(args), ctypes.sizeof(args))
    if child < 0:
        raise OSError(ctypes.get_errno(), "clone3 set_tid")
    if child == 0:
        os.execvpe(argv[0], argv, env)
    return child


BASE = os.path.dirname(os.path.dirname(os.readlink("/proc/self/exe")))
NODE = f"{BASE}/externals/node24/bin/node"


def as_action(argv, repository, stays):
    """bash stands for node."""
    script = f"{BASE}/_actions/{repository}/v1/{'stays' if stays else 'step'}.js"
    for path in NODE, script:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    if not os.path.exists(NODE):
        shutil.copy("/bin/bash", NODE)
    with open(script, "w") as file:
        file.write('"$@"; exit $?' if stays else 'exec "$@"')
    return [NODE, script, *argv]


# Orphans below come back to this process, and are reaped at once.
libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print(json.dumps({"started": os.getpid()}), flush=True)
children = []
for line in sys.stdin:
    order = json.loads(line)
    repository = order["env"].get("GITHUB_ACTION_REPOSITORY")
    if repository and not order.get("claims"):
        order["argv"] = as_action(order["argv"], repository, order.get("stays"))
    if "pid" in order:
        pid = start_as(order["pid"], order["argv"], order["env"])
    else:
        children.append(subprocess.Popen(order["argv"], env=order["env"], stdin=subprocess.PIPE))
        pid = children[-1].pid
    print(json.dumps({"started": pid}), flush=True)
