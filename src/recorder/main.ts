/**
 * `deno task record`: the proxy role as an explicit local proxy, without root, and a playbook of what each of
 * its layers saw and said.
 *
 * @module
 */

import { validatePolicy } from "../policy/mod.ts";
import type { ProxyToSupervisor } from "../protocol/mod.ts";
import { ProxyLink } from "../supervisor/proxy_link.ts";
import { nameservers } from "../supervisor/resolv_conf.ts";
import { HELP, parseRecorderArgs, type RecorderArgs, RecorderUsageError } from "./args.ts";
import { serveConnect } from "./connect_front.ts";
import { Destinations } from "./destinations.ts";
import { serveDatagrams, serveStreams } from "./dns_front.ts";
import { Judge } from "./judge.ts";
import { Playbook } from "./playbook.ts";
import { socketsIn, startProxyRole } from "./proxy_role.ts";

const HOST = "127.0.0.1";

type Ready = Extract<ProxyToSupervisor, { op: "ready" }>;

async function main(): Promise<number> {
  try {
    const args = parseRecorderArgs(Deno.args);
    if (args.help) console.log(HELP.trimEnd());
    else await record(args);
    return 0;
  } catch (error) {
    if (!(error instanceof RecorderUsageError)) throw error;
    console.error(`record: ${error.message}\nSee deno task record --help.`);
    return 2;
  }
}

/** Records until it is interrupted. */
async function record(args: RecorderArgs): Promise<void> {
  const resolver = args.resolver ?? systemResolver();
  // As for `egress run`, the resolver may be asked, for the names that rules allow.
  const policy = `${readPolicy(args).trimEnd()}\n${resolver.hostname}:${resolver.port}/udp\n`;
  const folder = Deno.makeTempDirSync({ prefix: "egress-record-" });
  using file = Deno.openSync(args.file, { write: true, create: true, truncate: true });
  const playbook = new Playbook((line) => writeAll(file, line), {
    playbook: 1,
    policy,
    audit: args.audit,
  });
  const destinations = new Destinations();
  const sockets = socketsIn(folder);
  const judge = new Judge(
    sockets.kernelSocket,
    { text: policy, audit: args.audit },
    destinations,
    playbook,
  );
  const secret = crypto.randomUUID();
  const { ready, link } = superviseProxy(sockets.supervisorSocket, secret, playbook);
  const child = await startProxyRole({
    folder,
    secret,
    resolver: `${resolver.hostname}:${resolver.port}`,
    upstreamCas: args.upstreamCas.map((path) => Deno.readTextFileSync(path)),
    audit: args.audit,
  });
  const { frontPort, dnsPort, ca } = await ready;
  Deno.writeTextFileSync(args.caFile, ca!.certPem);
  const front = Deno.listen({ hostname: HOST, port: args.port });
  serveConnect(front, {
    destinations,
    frontPort,
    resolve: async (name) => {
      const ips = await lookUp(name, resolver);
      if (ips.length > 0) judge.lookup({ name, ips, ttl: 60 });
      return ips;
    },
    say: (line) => console.error(`record: ${line}`),
  });
  const streams = Deno.listen({ hostname: HOST, port: args.dnsPort });
  const { port } = streams.addr as Deno.NetAddr;
  const datagrams = Deno.listenDatagram({ transport: "udp", hostname: HOST, port });
  const parts = { destinations, dnsPort, resolver: { ip: resolver.hostname, port: resolver.port } };
  serveStreams(streams, parts);
  serveDatagrams(datagrams, parts);
  console.log(`CONNECT proxy ${HOST}:${(front.addr as Deno.NetAddr).port}`);
  console.log(`lookups ${HOST}:${port}, answered by ${resolver.hostname}:${resolver.port}`);
  console.log(`CA for clients ${args.caFile}`);
  console.log("recording; Ctrl-C ends it");
  await interrupted();
  await link.ask({ op: "drain" });
  link.close();
  await child.status;
  Deno.removeSync(folder, { recursive: true });
}

/** Stands in for the supervisor. */
function superviseProxy(path: string, secret: string, playbook: Playbook) {
  const { promise: ready, resolve, reject } = Promise.withResolvers<Ready>();
  const link = new ProxyLink(path, secret, {
    onHello: () => {},
    onReady: (_index, message) => resolve(message),
    onFatal: (_index, error) => reject(new Error(error)),
    onLeaf: () => {},
    onTraffic: () => {},
    onLog: (event) => playbook.log(event),
    onTrouble: (message) => console.error(`record: ${message}`),
    onRecord: (conn, entry) => playbook.layer(conn, entry),
  });
  return { ready, link };
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, resolve);
  });
}

function readPolicy(args: RecorderArgs): string {
  const text = args.policyText ??
    (args.policyFile === undefined ? "" : Deno.readTextFileSync(args.policyFile));
  for (const { severity, line, message } of validatePolicy(text, { placeholders: "keep" })) {
    if (severity === "error") throw new RecorderUsageError(`policy, line ${line}: ${message}`);
  }
  return text;
}

function systemResolver() {
  const [hostname] = nameservers(Deno.readTextFileSync("/etc/resolv.conf"));
  if (hostname === undefined) {
    throw new RecorderUsageError("/etc/resolv.conf names no IPv4 nameserver: use --resolver");
  }
  return { hostname, port: 53 };
}

/** Addresses of a name; none if it has none, or nobody answers. */
async function lookUp(
  name: string,
  { hostname, port }: { hostname: string; port: number },
): Promise<string[]> {
  try {
    return await Deno.resolveDns(name, "A", { nameServer: { ipAddr: hostname, port } });
  } catch (error) {
    console.error(
      `record: ${name} has no address: ${error instanceof Error ? error.message : error}`,
    );
    return [];
  }
}

function writeAll(file: Deno.FsFile, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}

Deno.exit(await main());
