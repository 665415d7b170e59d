"""Stands for Runner.Worker: starts steps as it is told, one JSON line each on stdin.

{"argv": [...], "env": {...}, "pid": N}    pid: the step gets this process id (clone3 with set_tid)
Each start is answered by {"started": PID}; what steps print goes to the same stdout.
"""
import ctypes
import json
import os
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


# Orphans below come back to this process, and are reaped at once.
libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print(json.dumps({"started": os.getpid()}), flush=True)
children = []
for line in sys.stdin:
    order = json.loads(line)
    if "pid" in order:
        pid = start_as(order["pid"], order["argv"], order["env"])
    else:
        children.append(subprocess.Popen(order["argv"], env=order["env"], stdin=subprocess.PIPE))
        pid = children[-1].pid
    print(json.dumps({"started": pid}), flush=True)
