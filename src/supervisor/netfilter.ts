/**
 * The iptables rules of one run, as text for `iptables-restore --noflush`. Pure.
 *
 * Own chains only, one jump per table, so that taking them out never touches what others made. The rules
 * work with the nft and the legacy backend. What each does stands in docs/ARCHITECTURE.md.
 *
 * @module
 */

import type { Marks } from "../protocol/mod.ts";
import { containerRules } from "./netfilter_containers.ts";

/** Whose traffic the rules are about. Paths are from the root of cgroup2, without the leading slash. */
export type NetfilterScope =
  | { cgroup: string }
  /** Everybody's on this machine but the roles'. */
  | {
    allBut: string;
    /** Devices behind which only this machine's containers are: what goes there does not leave it. */
    bridges: readonly string[];
  };

/** What the rules of one scope are made of. */
export interface NetfilterSpec {
  /** Short id of the run, `[0-9a-f]{8}`. */
  id: string;
  scope: NetfilterScope;
  queue: number;
  marks: Marks;
  frontPort: number;
  dnsPort: number;
  /** Loopback addresses whose lookups leave the machine: resolver stubs. */
  stubs: string[];
}

/** Names of the run's chains by table. */
export function chainNames(id: string) {
  const base = `EGRESS-${id}`;
  return { mangle: `${base}-M`, nat: `${base}-N`, filter: `${base}-F`, containers: `${base}-C` };
}

function table(name: string, chain: string, spec: NetfilterSpec, rules: string[]): string[] {
  const { scope } = spec;
  const match = "cgroup" in scope ? `-m cgroup --path ${scope.cgroup} ` : "";
  return [
    `*${name}`,
    `:${chain} - [0:0]`,
    ...("cgroup" in scope ? [] : outside(scope)).map((rule) => `-A ${chain} ${rule}`),
    ...rules.map((rule) => `-A ${chain} ${rule}`),
    // The jump comes last and in front: the chain is complete before the first packet enters it.
    `-I OUTPUT 1 ${match}-j ${chain}`,
    "COMMIT",
  ];
}

/** What the rules for a whole machine leave alone. */
function outside(scope: Extract<NetfilterScope, { allBut: string }>): string[] {
  return [
    `-m cgroup --path ${scope.allBut} -j RETURN`,
    ...scope.bridges.map((device) => `-o ${device} -j RETURN`),
  ];
}

function mangleRules(spec: NetfilterSpec): string[] {
  const { allow, deny, dns } = spec.marks;
  const queue = `-p udp -j NFQUEUE --queue-num ${spec.queue}`;
  return [
    // Back from the queue (NF_REPEAT) with a mark on.
    `-p udp -m mark --mark ${allow} -j CONNMARK --save-mark`,
    `-p udp -m mark --mark ${allow} -j RETURN`,
    `-p udp -m mark --mark ${deny} -j RETURN`,
    `-p udp -m mark --mark ${dns} -j RETURN`,
    `-p udp -m connmark --mark ${allow} -j RETURN`,
    ...spec.stubs.map((ip) => `-d ${ip}/32 ${queue}`),
    "-o lo -j RETURN",
    queue,
  ];
}

function natRules(spec: NetfilterSpec): string[] {
  const toFront = `-j REDIRECT --to-ports ${spec.frontPort}`;
  return [
    `-p udp -m mark --mark ${spec.marks.dns} -j REDIRECT --to-ports ${spec.dnsPort}`,
    ...spec.stubs.map((ip) => `-d ${ip}/32 -p tcp -m tcp --dport 53 ${toFront}`),
    "-o lo -j RETURN",
    `-p tcp ${toFront}`,
  ];
}

function filterRules(spec: NetfilterSpec): string[] {
  const { allow, deny, dns } = spec.marks;
  return [
    `-p udp -m mark --mark ${deny} -j REJECT --reject-with icmp-port-unreachable`,
    `-p udp -m mark --mark ${dns} -m conntrack ! --ctstate DNAT -j DROP`,
    // A redirected packet still has its first route's interface in this hook: -o lo does not match it.
    "-d 127.0.0.1/32 -m conntrack --ctstate DNAT -j RETURN",
    "-o lo -j RETURN",
    `-p udp -m mark --mark ${allow} -j RETURN`,
    `-p udp -m connmark --mark ${allow} -j RETURN`,
    // The rest of a connection that conntrack has forgotten. What begins one, and every other protocol, is
    // left to the gate, which drops it, tells the sender at once, and reports who it was.
    "-p tcp -m tcp ! --syn -j REJECT --reject-with tcp-reset",
  ];
}

/** IPv4 rules that put the run's redirections in place. There is no IPv6 for the scope but on loopback: the gate's. */
export function rulesOn(spec: NetfilterSpec): string {
  const chains = chainNames(spec.id);
  return [
    ...table("filter", chains.filter, spec, filterRules(spec)),
    ...table("nat", chains.nat, spec, natRules(spec)),
    ...table("mangle", chains.mangle, spec, mangleRules(spec)),
    ...("cgroup" in spec.scope ? [] : containerRules({ ...spec, chain: chains.containers })),
    "",
  ].join("\n");
}
