"""Asks the control socket: PATH HOW LINE. Prints {"answer": ...} as one line.

HOW is how the asking process comes to be: plain, daemon (double fork, setsid), reexec (with a forged
environment), sibling (CLONE_PARENT, forged), orphan (handed to the worker, forged).
"""
import ctypes
import json
import os
import signal
import socket
import sys
import time

path, how, line = sys.argv[1:4]
FORGED = {"GITHUB_ACTION_REPOSITORY": "owner/egress", "GITHUB_ACTION": "__owner_egress"}
CLONE_PARENT = 0x8000
SYS_CLONE = 56


def ask():
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    try:
        client.sendall(line.encode() + b"\n")
    except OSError:
        pass  # refused before it was read
    answer = b""
    while not answer.endswith(b"\n"):
        part = client.recv(65536)
        if not part:
            break
        answer += part
    print(json.dumps({"answer": json.loads(answer or b"null")}), flush=True)


def forge():
    os.execve(sys.executable, [sys.executable, __file__, path, "plain", line], FORGED)


if how == "plain":
    ask()
elif how == "daemon":
    if os.fork() == 0:
        os.setsid()
        parent = os.getpid()
        if os.fork() == 0:
            while os.getppid() == parent:
                time.sleep(0.01)
            ask()
elif how == "reexec":
    forge()
elif how == "sibling":
    if ctypes.CDLL(None).syscall(SYS_CLONE, CLONE_PARENT | signal.SIGCHLD, 0, 0, 0, 0) == 0:
        forge()
elif how == "orphan":
    parent = os.getpid()
    if os.fork() == 0:
        while os.getppid() == parent:
            time.sleep(0.01)
        forge()
