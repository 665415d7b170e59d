/**
 * The least of netfilter that the kernel role needs around it.
 *
 * @module
 */

import type { Marks } from "../../src/protocol/mod.ts";

/** Where packets go. */
export interface RuleSpec {
  /** The scope's cgroup path. */
  cgroup: string;
  queue: number;
  marks: Marks;
  frontPort: number;
  dnsPort: number;
}

/** Input of `iptables-restore`. */
export function rules({ cgroup, queue, marks, frontPort, dnsPort }: RuleSpec): string {
  const scope = `-A OUTPUT -m cgroup --path ${cgroup.slice(1)} ! -o lo`;
  return `*mangle
${scope} -p udp -m mark --mark ${marks.allow} -j CONNMARK --save-mark
${scope} -p udp -m mark --mark ${marks.allow} -j ACCEPT
${scope} -p udp -m mark --mark ${marks.deny} -j ACCEPT
${scope} -p udp -m mark --mark ${marks.dns} -j ACCEPT
${scope} -p udp -m connmark --mark ${marks.allow} -j ACCEPT
${scope} -p udp -j NFQUEUE --queue-num ${queue}
COMMIT
*nat
${scope} -p udp -m mark --mark ${marks.dns} -j REDIRECT --to-ports ${dnsPort}
${scope} -p tcp -j REDIRECT --to-ports ${frontPort}
COMMIT
*filter
${scope} -p udp -m mark --mark ${marks.deny} -j REJECT --reject-with icmp-port-unreachable
COMMIT
`;
}
