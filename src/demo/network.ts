/**
 * Two network namespaces joined by a veth pair: a client, and a world that owns every host's address.
 *
 * The names hold the id of the process that made them, so that what a killed process left behind is
 * found and removed by the next one.
 *
 * @module
 */

import { tool, ToolError } from "./command.ts";
import { ATTACKER_RANGE, ATTACKER_RANGE6, type Host, LINK, NAMESERVER } from "./hosts.ts";

const PREFIX = "egdemo";

/** The names of one instance's namespaces and links. */
export interface NetworkNames {
  /** Network namespace of the client. */
  client: string;
  /** Network namespace of the servers. */
  world: string;
}

/** New names, unique on this machine. */
export function networkNames(): NetworkNames {
  const id = crypto.getRandomValues(new Uint16Array(1))[0]?.toString(16).padStart(4, "0");
  const stem = `${PREFIX}-${Deno.pid}-${id}`;
  return { client: `${stem}-client`, world: `${stem}-world` };
}

/**
 * Makes both namespaces with their addresses and routes, the client's resolver configuration, and the
 * counters for the attacker's ranges.
 *
 * @throws {ToolError} When `ip` or `iptables` fails; what was made until then stays for `removeNetwork`.
 */
export async function createNetwork(
  names: NetworkNames,
  hosts: readonly Host[],
): Promise<void> {
  await tool(["ip", "netns", "add", names.client]);
  await tool(["ip", "netns", "add", names.world]);
  await tool([
    ...["ip", "link", "add", "uplink", "netns", names.client, "type", "veth"],
    ...["peer", "name", "downlink", "netns", names.world],
  ]);
  await Promise.all([
    tool(["ip", "-netns", names.world, "-batch", "-"], { input: worldBatch(hosts) }),
    tool(["ip", "-netns", names.client, "-batch", "-"], { input: clientBatch() }),
    writeResolverFiles(names.client),
  ]);
  await Promise.all([
    count(names.world, "iptables", [ATTACKER_RANGE, "0.0.0.0/0"]),
    count(names.world, "ip6tables", [ATTACKER_RANGE6]),
  ]);
}

function worldBatch(hosts: readonly Host[]): string {
  const lines = [
    "link set lo up",
    "link set downlink up",
    `addr add ${LINK.world}/24 dev downlink`,
    `addr add ${LINK.world6}/64 dev downlink nodad`,
  ];
  for (const host of hosts) {
    lines.push(`addr add ${host.address}/32 dev lo`);
    if (host.address6 !== undefined) lines.push(`addr add ${host.address6}/128 dev lo nodad`);
  }
  return lines.join("\n") + "\n";
}

function clientBatch(): string {
  return [
    "link set lo up",
    "link set uplink up",
    `addr add ${LINK.client}/24 dev uplink`,
    `addr add ${LINK.client6}/64 dev uplink nodad`,
    `route add default via ${LINK.world}`,
    `route add default via ${LINK.world6}`,
  ].join("\n") + "\n";
}

/** `ip netns exec` mounts these over /etc; `Internet.command` does likewise. */
async function writeResolverFiles(client: string): Promise<void> {
  await Deno.mkdir(`/etc/netns/${client}`, { recursive: true });
  await Deno.writeTextFile(`/etc/netns/${client}/resolv.conf`, `nameserver ${NAMESERVER}\n`);
}

async function count(world: string, iptables: string, ranges: string[]): Promise<void> {
  const rules = ranges.map((range) => `-A PREROUTING -i downlink -d ${range}`);
  await tool(["nsenter", `--net=/run/netns/${world}`, `${iptables}-restore`, "--noflush"], {
    input: ["*raw", ...rules, "COMMIT", ""].join("\n"),
  });
}

/** Packets that came out of the client's link, of any protocol, sent through the kernel's stack or not. */
export interface PacketCounts {
  /** To the attacker's IPv4 range. */
  attacker: number;
  /** To the attacker's IPv6 range. */
  attacker6: number;
  /** IPv4 packets to any address. */
  all: number;
}

/**
 * Reads the counters.
 *
 * @throws {ToolError} When the namespace is gone.
 */
export async function readCounters(world: string): Promise<PacketCounts> {
  const [v4, v6] = await Promise.all(["iptables", "ip6tables"].map((iptables) =>
    tool([
      ...["nsenter", `--net=/run/netns/${world}`],
      ...[iptables, "-t", "raw", "-nvxL", "PREROUTING"],
    ])
  ));
  return {
    attacker: packets(v4, ATTACKER_RANGE),
    attacker6: packets(v6, ATTACKER_RANGE6),
    all: packets(v4, "0.0.0.0/0"),
  };
}

function packets(listing: string | undefined, destination: string): number {
  const line = listing?.split("\n").find((l) => l.trimEnd().endsWith(destination));
  const digits = line?.trim().split(/\s+/)[0];
  if (digits === undefined) throw new Error(`no counter for ${destination} in:\n${listing}`);
  return Number(digits);
}

/** Removes both namespaces and the resolver files. Nothing happens to what is already gone. */
export async function removeNetwork(names: NetworkNames): Promise<void> {
  for (const name of [names.client, names.world]) {
    await removeIfThere(Deno.remove(`/etc/netns/${name}`, { recursive: true }));
    if (await exists(`/run/netns/${name}`)) await tool(["ip", "netns", "del", name]);
  }
  // Other programs may have files there; only our having made the folder would make it ours to remove.
  await removeIfEmpty("/etc/netns");
}

/** Removes what instances of processes that are gone left behind. */
export async function sweepNetworks(): Promise<void> {
  for (const name of await listNames("/run/netns")) {
    const [, stem, pid] =
      new RegExp(`^(${PREFIX}-(\\d+)-[0-9a-f]+)-(?:client|world)$`).exec(name) ?? [];
    if (pid === undefined || await exists(`/proc/${pid}`)) continue;
    await removeNetwork({ client: `${stem}-client`, world: `${stem}-world` });
  }
}

async function listNames(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function removeIfThere(removal: Promise<void>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function removeIfEmpty(folder: string): Promise<void> {
  if ((await listNames(folder)).length > 0) return;
  try {
    await tool(["rmdir", "--ignore-fail-on-non-empty", folder]);
  } catch (error) {
    // Another instance removed it first.
    if (!(error instanceof ToolError)) throw error;
  }
}
