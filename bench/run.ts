/**
 * What a command feels of `egress run`, with everything on (policy, attribution, interception, log), against
 * mitmdump as a reverse proxy for the same server and client; and what all roles together weigh.
 *
 *     sudo deno run -A bench/run.ts [SECONDS]
 *
 * Needs nginx, wrk and mitmdump (Debian: nginx-light wrk mitmproxy). Traffic stays in two namespaces that it
 * makes.
 *
 * @module
 */

import { Authority } from "../src/demo/certificates.ts";

const root = new URL("..", import.meta.url).pathname;
const SECONDS = Number(Deno.args[0] ?? 5);
const START_SECONDS = 5;
const IDLE_SECONDS = 10;
const SERVER = "198.51.100.80";
const CLIENT = "198.51.100.1";
const MITM_PORT = 8443;
const TICKS_PER_SECOND = 100;

const id = crypto.randomUUID().slice(0, 6);
const client = `bench-c-${id}`;
const world = `bench-w-${id}`;
const folder = await Deno.makeTempDir({ prefix: "egress-bench-" });
const children: Deno.ChildProcess[] = [];
const text = new TextDecoder();

async function sh(script: string): Promise<string> {
  const out = await new Deno.Command("/bin/bash", { args: ["-ec", script] }).output();
  if (out.code !== 0) throw new Error(text.decode(out.stderr));
  return text.decode(out.stdout);
}

function inside(namespace: string, args: string[], stdout: "piped" | "null"): Deno.ChildProcess {
  const child = new Deno.Command("nsenter", {
    args: [`--net=/run/netns/${namespace}`, ...args],
    stdout,
    stderr: "null",
  }).spawn();
  children.push(child);
  return child;
}

async function build(): Promise<void> {
  await sh(`
    ip netns add ${client}; ip netns add ${world}
    ip -n ${client} link add eth0 type veth peer name eth0 netns ${world}
    for ns in ${client} ${world}; do ip -n $ns link set lo up; ip -n $ns link set eth0 up; done
    ip -n ${client} addr add ${CLIENT}/24 dev eth0
    ip -n ${world} addr add ${SERVER}/24 dev eth0`);
  const authority = await Authority.create(folder);
  const pair = await authority.issue([SERVER]);
  await Deno.writeTextFile(`${folder}/server.pem`, pair.cert);
  await Deno.writeTextFile(`${folder}/server.key`, pair.key);
  await Deno.writeTextFile(`${folder}/small`, "x".repeat(200));
  await Deno.writeTextFile(
    `${folder}/nginx.conf`,
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 10000000; root ${folder};
server { listen ${SERVER}:443 ssl; ssl_certificate ${folder}/server.pem; ssl_certificate_key ${folder}/server.key; } }`,
  );
  await Deno.chmod(folder, 0o755);
  inside(world, ["nginx", "-c", `${folder}/nginx.conf`], "null");
  inside(world, [
    ...["mitmdump", "-q", "--ssl-insecure", "--set", `confdir=${folder}/mitm`],
    ...[
      "--mode",
      `reverse:https://${SERVER}:443`,
      "--listen-host",
      SERVER,
      "-p",
      String(MITM_PORT),
    ],
  ], "null");
  for (const port of [443, MITM_PORT]) await sh(waitForPort(port));
}

function waitForPort(port: number): string {
  return `for i in $(seq 200); do
    nsenter --net=/run/netns/${client} nc -z ${SERVER} ${port} && exit 0; sleep 0.1; done; exit 1`;
}

function wrk(port: number, extra: string): string {
  return `wrk -t1 -c32 -d${SECONDS}s ${extra} https://${SERVER}:${port}/small`;
}

const CLOSE = "-H 'Connection: close'";

function rate(output: string): number {
  if (/Non-2xx/.test(output)) throw new Error(`not every request was served:\n${output}`);
  const found = /Requests\/sec:\s+([\d.]+)/.exec(output);
  if (!found) throw new Error(output);
  return Number(found[1]);
}

async function plain(port: number): Promise<{ keepAlive: number; newTls: number }> {
  const run = async (extra: string) =>
    rate(
      text.decode(
        (await inside(client, ["/bin/sh", "-c", wrk(port, extra)], "piped").output()).stdout,
      ),
    );
  await run("-d1s");
  return { keepAlive: await run(""), newTls: await run(CLOSE) };
}

interface Weight {
  mb: number;
  ticks: number;
  roles: string;
}

/** Resident memory and CPU ticks of the supervisor and of the roles, which are its children. */
async function weigh(supervisor: number): Promise<Weight> {
  const output = await sh(`
    for p in ${supervisor} $(pgrep -P ${supervisor} deno); do
      echo "$(awk '/^VmRSS/ {print $2}' /proc/$p/status) $(awk '{print $14 + $15}' /proc/$p/stat)" \\
        "$(tr '\\0' ' ' < /proc/$p/cmdline | grep -Eo '(cli|kernel|engine|proxy)\\.js')"
    done`);
  const rows = output.trim().split("\n").map((line) => line.split(" "));
  return {
    mb: rows.reduce((sum, [kb]) => sum + Number(kb), 0) / 1024,
    ticks: rows.reduce((sum, [, ticks]) => sum + Number(ticks), 0),
    roles: rows.map(([kb, , name]) => `${name} ${(Number(kb) / 1024).toFixed(0)}`).join(", "),
  };
}

const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** Runs wrk inside `egress run` and weighs the roles before, during and after. */
async function filtered(rule: string) {
  const script = `sleep ${START_SECONDS + IDLE_SECONDS}; ${wrk(443, "-d1s")} >/dev/null; ${
    wrk(443, "")
  }; ${wrk(443, CLOSE)}; sleep 3`;
  const child = inside(client, [
    ...[`${root}egress`, "run", "--policy-text", rule, "--upstream-ca", `${folder}/ca.pem`],
    ...["--log", `${folder}/log.jsonl`, "--", "/bin/sh", "-c", script],
  ], "piped");
  const output = child.output();
  await pause(START_SECONDS);
  const idle = await weigh(child.pid);
  await pause(IDLE_SECONDS);
  const later = await weigh(child.pid);
  await pause(1.5 + SECONDS / 2);
  const loaded = await weigh(child.pid);
  const out = text.decode((await output).stdout).split("Running").slice(1);
  return {
    keepAlive: rate(out[0]!),
    newTls: rate(out[1]!),
    idle,
    loaded,
    idleCpu: (later.ticks - idle.ticks) / TICKS_PER_SECOND / IDLE_SECONDS,
  };
}

function report(name: string, { keepAlive, newTls }: { keepAlive: number; newTls: number }): void {
  console.log(
    `${name.padEnd(28)}${keepAlive.toFixed(0).padStart(10)} req/s${
      newTls.toFixed(0).padStart(8)
    } TLS/s`,
  );
}

try {
  await build();
  const direct = await plain(443);
  const mitm = await plain(MITM_PORT);
  const host = await filtered(SERVER);
  const url = await filtered(`GET https://${SERVER}/*`);
  report("nginx direct", direct);
  report("mitmdump", mitm);
  report("egress run, host rule", host);
  report("egress run, url rule", url);
  for (const [name, row] of [["host", host], ["url", url]] as const) {
    console.log(
      `egress (${name} rule) / mitmdump  keep-alive x${
        (row.keepAlive / mitm.keepAlive).toFixed(1)
      }, ` +
        `new TLS x${(row.newTls / mitm.newTls).toFixed(1)}`,
    );
  }
  console.log(`all roles, idle    ${host.idle.mb.toFixed(0)} MB (${host.idle.roles})`);
  console.log(`all roles, loaded  ${host.loaded.mb.toFixed(0)} MB (${host.loaded.roles})`);
  console.log(`idle CPU           ${(host.idleCpu * 100).toFixed(2)} % of a core`);
} finally {
  for (const child of children) {
    await sh(`kill ${child.pid} 2>/dev/null || true`); // it may have ended
    await child.status;
  }
  await sh(`ip netns del ${client}; ip netns del ${world}`);
  await Deno.remove(folder, { recursive: true });
}
