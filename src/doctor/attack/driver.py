"""Carries out the attacks of `egress doctor --attack` (attacks.ts), which come as JSON on standard input.

Each runs in a process of its own, forked from this one: an interpreter a piece would take seconds on a small machine.
What they say is of no interest: what arrives at the sink counts.
"""
import json, os, re, signal, socket, struct, subprocess, sys, time

LONGEST = 25  # seconds, for one that hangs; each has shorter time limits of its own
DATA = b"egress doctor"
ADDR = ADDR6 = TOKEN = ""


def udp(address=None, family=socket.AF_INET, options=(), data=DATA):
    s = socket.socket(family, socket.SOCK_DGRAM)
    for option in options:
        s.setsockopt(*option)
    for _ in range(2):
        try:
            s.sendto(data, (address or ADDR, 9000))
        except OSError:
            pass
        time.sleep(0.1)


def tcp(address=None, family=socket.AF_INET, options=(), patience=10):
    s = socket.socket(family, socket.SOCK_STREAM)
    for option in options:
        s.setsockopt(*option)
    s.settimeout(patience)
    try:
        s.connect((address or ADDR, 9000))
        s.sendall(DATA)
    except OSError:
        pass


def query(name):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!6H", 7, 0x100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", 1, 1)


def rules():
    return subprocess.run(["iptables-save"], capture_output=True, text=True).stdout


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def datagram():
    body = struct.pack("!HHHH", 4444, 9000, 8 + len(DATA), 0) + DATA
    addresses = socket.inet_aton(os.environ["CLIENT"]), socket.inet_aton(ADDR)
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 1, 0, 64, 17, 0, *addresses)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def frame(options=()):
    command = ["ip", "neigh", "show", os.environ["GATEWAY"]]
    neighbour = subprocess.run(command, capture_output=True, text=True).stdout.split()
    mac = b"\xff" * 6
    if "lladdr" in neighbour:
        mac = bytes.fromhex(neighbour[neighbour.index("lladdr") + 1].replace(":", ""))
    s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0x0800)
    for option in options:
        s.setsockopt(*option)
    s.sendto(datagram(), (os.environ["UPLINK"], 0x0800, 0, 0, mac))


def start(attack):
    """Forks; the child never returns."""
    global ADDR, ADDR6, TOKEN
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setpgid(0, 0)
        signal.alarm(LONGEST)
        ADDR, ADDR6, TOKEN = attack["v4"], attack["v6"], attack["word"]
        os.environ.update(ADDR=ADDR, ADDR6=ADDR6, TOKEN=TOKEN)
        if attack.get("python") is not None:
            exec(attack["python"], globals())
        else:
            os.execvp("bash", ["bash", "-c", attack["shell"]])
    except BaseException as error:
        print(error)
    os._exit(0)


def finish(pid):
    os.waitpid(pid, 0)
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def main():
    order = json.load(sys.stdin)
    os.environ.update(order["environment"])
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    if order.get("first"):
        finish(start(order["first"]))
    attacks = order["attacks"]
    for pid in [start(attack) for attack in attacks if not attack["alone"]]:
        finish(pid)
    for attack in attacks:
        if attack["alone"]:
            finish(start(attack))


main()
