/**
 * What is compared: mitmdump, sslsplit and squid as transparent interceptors, egress as `egress run`, and no
 * middlebox at all.
 *
 * @module
 */

import { closed, sh, weigh, type Weight } from "./processes.ts";
import { Scope } from "./scope.ts";
import { CLIENT, CLIENT_GID, quoted, type World } from "./world.ts";

/** One way from the client to the server. */
export interface Middlebox {
  readonly name: string;
  /** Address to ask for; port 443. */
  readonly address: string;
  /** Runs a load generator so that its connections take this way, and returns what it printed. */
  run(script: string): Promise<string>;
  /** What the middlebox has used so far. Absent where there is none. */
  weigh?(): Promise<Weight>;
  close(): Promise<void>;
}

/** Addresses of the server, one a way. */
export const ADDRESSES = {
  direct: "198.51.100.80",
  egress: "198.51.100.81",
  "egress-url": "198.51.100.82",
  mitmdump: "198.51.100.83",
  squid: "198.51.100.84",
  sslsplit: "198.51.100.85",
} as const;

/** A load that takes longer hangs. */
export const LOAD_SECONDS = 120;

/** Names of the ways. */
export type Name = keyof typeof ADDRESSES;

/** Starts a middlebox. */
export function start(name: Name, world: World): Promise<Middlebox> {
  switch (name) {
    case "direct":
      return Promise.resolve(direct(world));
    case "egress":
      return egress(world, name, ADDRESSES[name]);
    case "egress-url":
      return egress(world, name, `GET https://${ADDRESSES[name]}/*`);
    case "mitmdump":
      return mitmdump(world);
    case "squid":
      return squid(world);
    case "sslsplit":
      return sslsplit(world);
  }
}

function asClient(world: World, script: string): Promise<string> {
  const user = `setpriv --regid ${CLIENT_GID} --clear-groups`;
  return world.script(
    `ulimit -n $(ulimit -Hn); exec timeout ${LOAD_SECONDS} ${user} /bin/sh -c ${quoted(script)}`,
  );
}

function direct(world: World): Middlebox {
  return {
    name: "direct",
    address: ADDRESSES.direct,
    run: (script) => asClient(world, script),
    close: () => Promise.resolve(),
  };
}

async function egress(world: World, name: Name, rule: string): Promise<Middlebox> {
  const scope = await Scope.start(
    world,
    rule,
    `${world.folder}/${name.replaceAll(/\W/g, "")}.jsonl`,
  );
  return {
    name,
    address: ADDRESSES[name],
    run: (script) => scope.run(script),
    weigh: () => scope.weigh(),
    close: () => scope.close(),
  };
}

/** Redirects what the client's group sends to an address, as a transparent interceptor asks for. */
async function redirected(
  world: World,
  name: Name,
  port: number,
  child: Deno.ChildProcess,
): Promise<Middlebox> {
  const address = ADDRESSES[name];
  // Not by connecting: squid stops accepting after a connection that was not redirected.
  await world.script(
    `for i in $(seq 300); do ss -Hltn sport = ${port} | grep -q . && exit 0; sleep 0.1; done; exit 1`,
  );
  await world.script(
    `iptables -t nat -A OUTPUT -p tcp -d ${address} --dport 443 -m owner --gid-owner ${CLIENT_GID} ` +
      `-j DNAT --to-destination ${CLIENT}:${port}`,
  );
  return {
    name,
    address,
    run: (script) => asClient(world, script),
    weigh: () => weigh(child.pid),
    close: () => closed(child),
  };
}

async function mitmdump(world: World): Promise<Middlebox> {
  const child = world.inside([
    ...["mitmdump", "--mode", "transparent", "--ssl-insecure", "-p", "8443"],
    ...["--set", `confdir=${world.folder}/mitm`, "--set", "stream_large_bodies=1m"],
  ]);
  return await redirected(world, "mitmdump", 8443, child);
}

/** The authority of interceptors that want one given: certificate and key, PEM files. */
async function authority(world: World): Promise<{ cert: string; key: string }> {
  const [cert, key] = [`${world.folder}/box.pem`, `${world.folder}/box.key`];
  await sh(`[ -e ${cert} ] || openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=bench \
    -addext keyUsage=critical,keyCertSign,cRLSign -keyout ${key} -out ${cert} 2>/dev/null
    chmod 644 ${key}`);
  return { cert, key };
}

async function sslsplit(world: World): Promise<Middlebox> {
  const { cert, key } = await authority(world);
  const child = world.inside([
    ...[
      "sslsplit",
      "-D",
      "-k",
      key,
      "-c",
      cert,
      "-l",
      `${world.folder}/sslsplit.log`,
      "-u",
      "root",
    ],
    ...["ssl", CLIENT, "8444"],
  ]);
  return await redirected(world, "sslsplit", 8444, child);
}

async function squid(world: World): Promise<Middlebox> {
  const { cert, key } = await authority(world);
  const folder = `${world.folder}/squid`;
  const helper = "/usr/lib/squid/security_file_certgen";
  await sh(
    `mkdir -m 777 ${folder}; ${helper} -c -s ${folder}/ssl_db -M 4MB; chmod -R a+rwX ${folder}`,
  );
  await Deno.writeTextFile(
    `${folder}/squid.conf`,
    `http_port 127.0.0.1:8446
https_port ${CLIENT}:8445 intercept ssl-bump tls-cert=${cert} tls-key=${key} generate-host-certificates=on \
dynamic_cert_mem_cache_size=4MB
sslcrtd_program ${helper} -s ${folder}/ssl_db -M 4MB
tls_outgoing_options cafile=${world.authority}
sslproxy_cert_error allow all
acl first at_step SslBump1
ssl_bump peek first
ssl_bump bump all
http_access allow all
cache deny all
cache_mem 8 MB
max_filedescriptors 19000
access_log stdio:${folder}/access.log
cache_log ${folder}/cache.log
pid_filename ${folder}/squid.pid
coredump_dir ${folder}
visible_hostname bench
shutdown_lifetime 0 seconds
`,
  );
  const child = world.inside(["squid", "-N", "-f", `${folder}/squid.conf`]);
  return await redirected(world, "squid", 8445, child);
}
