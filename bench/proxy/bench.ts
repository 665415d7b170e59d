/**
 * Measures the proxy role (policy questions and log included, both answered by this process) against
 * mitmdump, side by side in one run with the same client (wrk) and the same upstream (nginx).
 *
 *     deno run -A --unstable-net bench/proxy/bench.ts [seconds]
 *
 * Needs nginx, wrk and mitmdump (Debian: nginx-light wrk mitmproxy).
 *
 * @module
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadCa, makeCa } from "../../src/proxy/certs/ca.ts";
import { Minter } from "../../src/proxy/certs/minter.ts";
import { ALLOW, Role } from "../../tests/proxy/harness.ts";

const SECONDS = Number(Deno.args[0] ?? 5);
const HOST = "localhost";
const BIG_MB = 512;

/** One measured way to the upstream. */
interface Figures {
  keepAlive: number;
  newTls: number;
  bulkMBs: number;
}

const folder = mkdtempSync(join(tmpdir(), "egress-bench-"));
const children: Deno.ChildProcess[] = [];
try {
  await main();
} finally {
  for (const child of children) {
    child.kill("SIGTERM");
    await child.status;
  }
  rmSync(folder, { recursive: true, force: true });
}

async function main(): Promise<void> {
  const ca = await makeCa();
  const upstream = await startNginx(new Minter(await loadCa(ca)));
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: upstream },
    judge: () => ALLOW,
    boot: { upstreamCas: [ca.certPem] },
  });
  const mitm = await startMitmdump(upstream);
  const rows: Record<string, Figures> = {
    "nginx direct": await measure(upstream),
    egress: await measure(role.frontPort),
    mitmdump: await measure(mitm),
  };
  console.table(rows);
  const ratio = (key: keyof Figures) => rows.egress![key] / rows.mitmdump![key];
  console.log(
    `egress / mitmdump: keep-alive x${ratio("keepAlive").toFixed(1)}, ` +
      `new TLS x${ratio("newTls").toFixed(1)}, bulk x${ratio("bulkMBs").toFixed(1)}`,
  );
  console.log("proxy role:", await role.status());
}

async function measure(port: number): Promise<Figures> {
  await wrk(port, 1, []); // leaves minted, code compiled
  return {
    keepAlive: await wrk(port, SECONDS, []),
    newTls: await wrk(port, SECONDS, ["-H", "Connection: close"]),
    bulkMBs: await bulk(port),
  };
}

/** @returns requests per second */
async function wrk(port: number, seconds: number, extra: string[]): Promise<number> {
  const args = ["-t1", "-c32", `-d${seconds}s`, "-H", `Host: ${HOST}`, ...extra];
  const out = await run("wrk", [...args, `https://${HOST}:${port}/small`]);
  if (/Non-2xx/.test(out)) throw new Error(`not every request was served:\n${out}`);
  return Math.round(Number(/Requests\/sec:\s+([\d.]+)/.exec(out)![1]));
}

/** @returns MB/s of one large body */
async function bulk(port: number): Promise<number> {
  const target = ["--connect-to", `::127.0.0.1:${port}`, "-H", `Host: ${HOST}`];
  const out = await run("curl", [
    ...["-sk", "-o", "/dev/null", "-w", "%{speed_download} %{size_download}", ...target],
    `https://${HOST}:${port}/big`,
  ]);
  const [speed, size] = out.split(" ").map(Number);
  if (size !== BIG_MB << 20) throw new Error(`${size} bytes of the large body came`);
  return Math.round(speed! / (1 << 20));
}

async function run(command: string, args: string[]): Promise<string> {
  const output = await new Deno.Command(command, { args }).output();
  return new TextDecoder().decode(output.stdout);
}

async function startNginx(minter: Minter): Promise<number> {
  const leaf = await minter.leaf(HOST);
  const port = freePort();
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  file("small", "x".repeat(200));
  Deno.truncateSync(file("big", ""), BIG_MB << 20);
  Deno.chmodSync(folder, 0o755);
  const config = file(
    "nginx.conf",
    `daemon off; worker_processes 1; pid ${folder}/nginx.pid;
error_log ${folder}/error.log; events { worker_connections 4096; }
http { access_log off; keepalive_requests 1000000; sendfile on; root ${folder};
server { listen 127.0.0.1:${port} ssl; ssl_certificate ${file("cert.pem", leaf.cert)};
ssl_certificate_key ${file("key.pem", leaf.key)}; } }`,
  );
  spawn("nginx", ["-c", config]);
  await listening(port);
  return port;
}

async function startMitmdump(upstream: number): Promise<number> {
  const port = freePort();
  spawn("mitmdump", [
    ...[
      "-q",
      "--ssl-insecure",
      "--set",
      `confdir=${folder}/mitm`,
      "--set",
      "stream_large_bodies=1m",
    ],
    ...["--mode", `reverse:https://127.0.0.1:${upstream}`, "-p", String(port)],
  ]);
  await listening(port);
  return port;
}

function spawn(command: string, args: string[]): void {
  children.push(new Deno.Command(command, { args, stdout: "null", stderr: "null" }).spawn());
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** A server that is starting cannot be awaited in another way than by trying. */
async function listening(port: number): Promise<void> {
  const until = Date.now() + 20_000;
  for (;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused) || Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
