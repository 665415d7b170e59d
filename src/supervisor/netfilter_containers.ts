/**
 * The part of a guarded machine's iptables rules that is about what others send through it: its containers. Pure.
 *
 * Where a packet enters by a container's port, a BPF program (bpf/port.h) has looked at it: what leaves the machine and is of
 * the socket that it seems to be of carries the `container` mark, what stays inside the `inside` mark. Everything
 * else goes on as it would without these rules, and ends at the uplinks' gate.
 *
 * @module
 */

import type { Marks } from "../protocol/mod.ts";

/** What the rules are made of. */
export interface ContainerRules {
  /** Name of the chain, in each of the three tables. */
  chain: string;
  queue: number;
  marks: Marks;
  frontPort: number;
  dnsPort: number;
}

/** Where the proxy listens. Packets from elsewhere come there by `route_localnet` alone. */
const PROXY = "127.0.0.1";

/** Before the routing decision: the queue for UDP, as for the machine's own. */
function mangleRules({ queue, marks }: ContainerRules): string[] {
  const { allow, deny, dns, container, inside } = marks;
  const unmarked = `-m mark ! --mark ${container}`;
  return [
    "-i lo -j RETURN",
    // With route_localnet the kernel no longer drops these.
    "-d 127.0.0.0/8 -j DROP",
    "-s 127.0.0.0/8 -j DROP",
    `-m mark --mark ${inside} -j RETURN`,
    // Back from the queue (NF_REPEAT) with a mark on.
    `-p udp -m mark --mark ${allow} -j CONNMARK --save-mark`,
    ...[allow, deny, dns].map((mark) => `-p udp -m mark --mark ${mark} -j RETURN`),
    // The rest of a redirected connection must come from its socket, too.
    `${unmarked} -m conntrack --ctstate DNAT --ctreplsrc ${PROXY} --ctdir ORIGINAL -j DROP`,
    `${unmarked} -j RETURN`,
    `-p udp -m connmark --mark ${allow} -j RETURN`,
    `-p udp -j NFQUEUE --queue-num ${queue}`,
  ];
}

function natRules({ marks, frontPort, dnsPort }: ContainerRules): string[] {
  return [
    `-p udp -m mark --mark ${marks.dns} -j DNAT --to-destination ${PROXY}:${dnsPort}`,
    `-p tcp -m mark --mark ${marks.container} -j DNAT --to-destination ${PROXY}:${frontPort}`,
  ];
}

/** What the gate would drop is left to it: it reports. */
function filterRules({ marks }: ContainerRules): string[] {
  return [
    `-p udp -m mark --mark ${marks.deny} -j REJECT --reject-with icmp-port-unreachable`,
    `-p udp -m mark --mark ${marks.dns} -m conntrack ! --ctstate DNAT -j DROP`,
    `-p tcp -m mark --mark ${marks.container} -m tcp ! --syn -j REJECT --reject-with tcp-reset`,
  ];
}

function table(name: string, hook: string, chain: string, rules: string[]): string[] {
  return [
    `*${name}`,
    `:${chain} - [0:0]`,
    ...rules.map((rule) => `-A ${chain} ${rule}`),
    `-I ${hook} 1 -j ${chain}`,
    "COMMIT",
  ];
}

/** Input of `iptables-restore --noflush`. */
export function containerRules(spec: ContainerRules): string[] {
  const { chain } = spec;
  return [
    ...table("filter", "FORWARD", chain, filterRules(spec)),
    ...table("nat", "PREROUTING", chain, natRules(spec)),
    ...table("mangle", "PREROUTING", chain, mangleRules(spec)),
  ];
}
