/**
 * How long nothing passes when a role is killed: the time from `kill -9` of every process of the role until a lookup
 * and a new HTTPS request, begun after it, have come through. Each kill is the first one of its run.
 *
 *     sudo deno run -A bench/roles.ts [KILLS]
 *
 * Traffic stays in two namespaces that it makes.
 *
 * @module
 */

import { Internet } from "../src/demo/internet.ts";
import { TextLineStream } from "../src/demo/lines.ts";
import { rolesOf } from "../tests/support/leftovers.ts";

const KILLS = Number(Deno.args[0] ?? 10);
const EGRESS = new URL("../egress", import.meta.url).pathname;
const ROLES = ["kernel", "engine", "proxy"];
/** Requests before the kill. */
const WARM = 20;
/** Requests, one after the other; prints for each that was served when it began and ended, ms since the epoch. */
const CLIENT = `
import socket, ssl, time
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
query = b"\\x12\\x34\\x01\\x00\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x04site\\x04test\\x00\\x00\\x01\\x00\\x01"
def request():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as dns:
        dns.settimeout(0.1)
        dns.connect(("198.51.100.53", 53))
        dns.send(query)
        dns.recv(512)
    with socket.create_connection(("198.51.100.20", 443), 0.5) as tcp:
        with context.wrap_socket(tcp, server_hostname="site.test") as tls:
            tls.sendall(b"GET / HTTP/1.1\\r\\nHost: site.test\\r\\nConnection: close\\r\\n\\r\\n")
            return tls.recv(4096).startswith(b"HTTP/1.1 200")
while True:
    begin = time.time()
    try: done = request()
    except OSError: done = False
    if done: print(begin * 1000, time.time() * 1000, flush=True)
    time.sleep(0.005)
`;

/** Kills every process of a role. */
async function kill(log: string, role: string): Promise<void> {
  const first = (await Deno.readTextFile(log)).split("\n")[0]!;
  const pids = (await rolesOf(JSON.parse(first).run)).get(role) ?? [];
  if (pids.length === 0) throw new Error(`no ${role} runs`);
  for (const pid of pids) Deno.kill(pid, "SIGKILL");
}

/** One run, one kill. @returns ms */
async function once(internet: Internet, role: string): Promise<number> {
  const log = await Deno.makeTempFile({ dir: internet.folder });
  const [file = "", ...args] = internet.command([
    ...[EGRESS, "run", "--policy-text", "site.test", "--upstream-ca", internet.caFile],
    ...["--log", log, "--", "/usr/bin/python3", "-c", CLIENT],
  ]);
  const child = new Deno.Command(file, { args, stdout: "piped", stderr: "null" }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  let served = 0;
  let killed = Infinity;
  try {
    for await (const line of lines) {
      const [begun = 0, ended = 0] = line.split(" ").map(Number);
      if (begun > killed) return ended - killed;
      if (++served === WARM) {
        await kill(log, role);
        killed = Date.now();
      }
    }
    throw new Error("the run ended");
  } finally {
    child.kill("SIGTERM");
    await child.status;
  }
}

await using internet = await Internet.create();
for (const role of ROLES) {
  const times: number[] = [];
  for (let i = 0; i < KILLS; i++) times.push(await once(internet, role));
  times.sort((a, b) => a - b);
  const text = times.map((ms) => ms.toFixed(0)).join(" ");
  console.log(
    `${role.padEnd(8)} median ${times[times.length >> 1]!.toFixed(0)} ms, worst ${
      times.at(-1)!.toFixed(0)
    } ms   (${text})`,
  );
}
