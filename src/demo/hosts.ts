/**
 * The hosts of the demo's internet. All addresses are from the ranges that RFC 5737 and RFC 3849 keep
 * for documentation, so they look public and clash with nothing.
 *
 * @module
 */

/** What a host offers on a port. */
export type Service =
  | { type: "web"; port: number; tls?: Certificate; site: SiteKind }
  | { type: "sink"; port: number }
  | { type: "banner"; port: number }
  | { type: "udp-echo"; port: number }
  | { type: "dns"; port: 53 };

/** What a web server says; `git` and `writable-git` differ in whether pushes are taken. */
export type SiteKind = "echo" | "registry" | "git" | "writable-git" | Script;

/** Fixed answers by path and query; any other gets the one of `*`, or 404. */
export type Script = Record<string, ScriptedAnswer>;

/** One fixed answer. */
export interface ScriptedAnswer {
  status?: number;
  body: string;
  /** Milliseconds that it takes. */
  delayMs?: number;
}

/** Which certificate a TLS service shows: a good one, one that nobody signed, or another host's. */
export type Certificate = "good" | "self-signed" | "other-name";

/** A host: one name, one address, some services. */
export interface Host {
  name: string;
  address: string;
  address6?: string;
  /** Further names of the same address; `*.` in front stands for any labels. */
  aliases?: string[];
  services: Service[];
}

/** The client's own address and the world's next to it. */
export const LINK = {
  client: "192.0.2.2",
  world: "192.0.2.1",
  client6: "2001:db8:1::2",
  world6: "2001:db8:1::1",
} as const;

/** Where the name server is. */
export const NAMESERVER = "198.51.100.53";

/** The attacker's range: every packet to it is counted, whatever its protocol. */
export const ATTACKER_RANGE = "203.0.113.0/24";

/** The attacker's IPv6 range, likewise counted. */
export const ATTACKER_RANGE6 = "2001:db8:66::/64";

const tls = "good" as const;

/** All hosts. */
export const HOSTS: readonly Host[] = [
  { name: "ns.test", address: NAMESERVER, services: [{ type: "dns", port: 53 }] },
  {
    name: "registry.test",
    address: "198.51.100.10",
    services: [{ type: "web", port: 443, tls, site: "registry" }],
  },
  {
    name: "site.test",
    address: "198.51.100.20",
    address6: "2001:db8:20::20",
    aliases: ["*.site.test"],
    services: [
      { type: "web", port: 443, tls, site: "echo" },
      { type: "web", port: 8443, tls, site: "echo" },
      { type: "web", port: 80, site: "echo" },
    ],
  },
  {
    name: "git.test",
    address: "198.51.100.30",
    services: [{ type: "web", port: 443, tls, site: "git" }],
  },
  {
    name: "self-signed.test",
    address: "198.51.100.60",
    services: [{ type: "web", port: 443, tls: "self-signed", site: "echo" }],
  },
  {
    name: "other-name.test",
    address: "198.51.100.61",
    services: [{ type: "web", port: 443, tls: "other-name", site: "echo" }],
  },
  { name: "ssh.test", address: "198.51.100.22", services: [{ type: "banner", port: 22 }] },
  {
    name: "raw.test",
    address: "198.51.100.80",
    services: [{ type: "sink", port: 9000 }, { type: "udp-echo", port: 9000 }],
  },
  {
    name: "evil.test",
    address: "203.0.113.66",
    address6: "2001:db8:66::66",
    aliases: ["*.evil.test"],
    services: [
      { type: "web", port: 443, tls, site: "echo" },
      { type: "web", port: 80, site: "echo" },
      { type: "banner", port: 22 },
      { type: "sink", port: 9000 },
      { type: "udp-echo", port: 9000 },
      { type: "udp-echo", port: 53 },
    ],
  },
];

/** Names that are only aliases, by what they lead to. */
export const CNAMES: Readonly<Record<string, string>> = { "alias.test": "site.test" };

/**
 * The host with that name, an alias of it included.
 *
 * @param name Without regard to case.
 * @param hosts Where to look.
 */
export function findHost(name: string, hosts: readonly Host[] = HOSTS): Host | undefined {
  const wanted = name.toLowerCase();
  return hosts.find((host) =>
    host.name === wanted ||
    host.aliases?.some((alias) => alias.startsWith("*.") && wanted.endsWith(alias.slice(1)))
  );
}
