/** Another policy for a machine under guard: what is open is judged again. */

import assert from "node:assert/strict";
import { Inbox, readJsonLines } from "../support/kernel_lines.ts";
import { type MachineScene, machineSuite } from "../support/machine_suite.ts";

const test = machineSuite();

/** Holds a TLS connection, a raw TCP connection and a UDP socket open, and uses each once a line of input. */
const CLIENT = `
import http.client, json, socket, ssl, sys
web = http.client.HTTPSConnection("site.test", timeout=5,
  context=ssl.create_default_context(cafile="/etc/ssl/certs/ca-certificates.crt"))
web.auto_open = 1
raw = socket.create_connection(("raw.test", 9000), timeout=5)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.connect(("198.51.100.80", 9000))
udp.settimeout(2)
def use_web(tag):
    web.request("GET", "/" + tag)
    answer = web.getresponse()
    answer.read()
    web.auto_open = 0
    return answer.status
def use_raw(tag):
    raw.sendall(tag.encode())
    return "sent"
def use_udp(tag):
    udp.send(tag.encode())
    return udp.recv(100).decode()
for line in sys.stdin:
    said = {}
    for name, use in (("web", use_web), ("raw", use_raw), ("udp", use_udp)):
        try: said[name] = use(line.strip())
        except Exception as error: said[name] = "failed"
    print(json.dumps(said), flush=True)
`;

interface Client extends AsyncDisposable {
  use(tag: string): Promise<Record<string, unknown>>;
}

function start(s: MachineScene): Client {
  const child = s.machine.spawn(["/usr/bin/python3", "-c", CLIENT], "piped");
  const lines = new Inbox<Record<string, unknown>>();
  const read = readJsonLines(child.stdout, lines);
  const errors = new Response(child.stderr).text();
  const input = child.stdin.getWriter();
  return {
    async use(tag) {
      await input.write(new TextEncoder().encode(`${tag}\n`));
      return await lines.take().catch(async () => {
        throw new Error(await errors);
      });
    },
    async [Symbol.asyncDispose]() {
      await input.close();
      await Promise.all([child.status, read, errors]);
    },
  };
}

const WIDE = "site.test\nraw.test:9000\n198.51.100.80:9000/udp\n";

test("a narrower policy ends what it no longer allows, and leaves the rest", async (s) => {
  await s.guard(WIDE);
  await using client = start(s);
  assert.deepEqual(await client.use("one"), { web: 200, raw: "sent", udp: "one" });
  const same = await s.machine.egress("reload", "--policy-text", `${WIDE}more.test\n`);
  assert.equal(same.code, 0, same.stderr);
  assert.deepEqual(await client.use("two"), { web: 200, raw: "sent", udp: "two" });

  await s.machine.egress(
    "reload",
    "--policy-text",
    "198.51.100.80:9000/udp\nGET https://site.test/one",
  );
  const after = await client.use("three");
  assert.equal(after.udp, "three");
  assert.ok(after.web === 403 || after.web === "failed", String(after.web));
  await s.machine.egress("reload", "--policy-text", "other.test");
  const last = await client.use("four");
  assert.equal(last.udp, "failed");
  assert.notEqual(last.web, 200);
  const reached = (await s.received()).map((r) => JSON.stringify(r)).join("\n");
  assert.match(reached, /two/);
  assert.doesNotMatch(reached, /"kind":"tcp".*three|site.test\/three/);
  assert.doesNotMatch(reached, /four/);
});

test("a policy with errors changes nothing", async (s) => {
  await s.guard(WIDE);
  const { policy_sha256 } = JSON.parse((await s.machine.egress("status", "--json")).stdout);
  const bad = await s.machine.egress("reload", "--policy-text", "site.test\n!!");
  assert.equal(bad.code, 1, bad.stderr);
  assert.match(bad.stderr, /2:1: error/);
  // Also when the client does not look at it first.
  const raw = await s.machine.run(
    "/usr/bin/python3",
    "-c",
    `import socket
s = socket.socket(socket.AF_UNIX)
s.connect("/run/egress/control.sock")
s.sendall(b'{"op":"reload","policy":"!!"}\\n')
print(s.makefile().readline())`,
  );
  assert.match(JSON.parse(raw.stdout).error, /not valid: line 1/);
  const status = JSON.parse((await s.machine.egress("status", "--json")).stdout);
  assert.equal(status.policy_sha256, policy_sha256);
  const get = await s.machine.run("curl", "-sS", "-m", "5", "https://site.test/");
  assert.equal(get.stdout, "GET / 0\n", get.stderr);
});

test("audit is switched on and off by a reload, and held by the next", async (s) => {
  await s.guard("site.test\n");
  const fetching = [
    "curl",
    "-sS",
    "-m",
    "5",
    "-o",
    "/dev/null",
    "-w",
    "%{http_code}",
    "http://198.51.100.20/",
  ];
  const code = async () => (await s.machine.run(...fetching)).stdout;
  assert.equal(await code(), "403");
  assert.equal((await s.machine.egress("reload", "--policy-text", "site.test", "--audit")).code, 0);
  assert.equal(await code(), "200");
  assert.equal((await s.machine.egress("reload", "--policy-text", "registry.test")).code, 0);
  assert.equal(await code(), "200");
  assert.equal(
    (await s.machine.egress("reload", "--policy-text", "site.test", "--enforce")).code,
    0,
  );
  assert.equal(await code(), "403");
});
