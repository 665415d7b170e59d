/**
 * Looks at the machine: one shell script, and libbpf's own probes. Everything is tried in namespaces of its own that
 * end with the script; nothing of the machine changes.
 *
 * @module
 */

import { SYSTEM_BUNDLES } from "../supervisor/machine.ts";
import { sh } from "../supervisor/shell.ts";
import { libbpfFacts } from "./libbpf.ts";

/** What was found: values by key. A key may be there several times. */
export class Facts {
  readonly #values = new Map<string, string[]>();

  /** Reads `KEY VALUE` lines. Pure. */
  static parse(text: string): Facts {
    const facts = new Facts();
    for (const line of text.split("\n")) {
      const [key, ...rest] = line.split(" ");
      if (key) facts.add(key, rest.join(" ").trim());
    }
    return facts;
  }

  /** Adds a finding. */
  add(key: string, value: string): void {
    this.#values.set(key, [...this.all(key), value]);
  }

  /** The first value of a key; empty if there is none. */
  get(key: string): string {
    return this.all(key)[0] ?? "";
  }

  /** All values of a key. */
  all(key: string): string[] {
    return this.#values.get(key) ?? [];
  }

  /** Whether a key was found at all. */
  has(key: string): boolean {
    return this.#values.has(key);
  }
}

/** Tools that a run calls. */
const TOOLS =
  "iptables-restore iptables-save ip setpriv unshare nsenter flock setsid mkfifo mount umount";

/** `$1`: tools, `$2`: where CA bundles are, both separated by blanks. Prints `KEY VALUE` lines. */
const SCRIPT = `
say() { echo "$@"; }
first() { head -n 1 "$1" 2>/dev/null; }
say uid "$(id -u)"
say arch "$(uname -m)"
command -v apt-get >/dev/null 2>&1 && say apt-get there
say kernel "$(uname -r)"
[ -r /sys/kernel/btf/vmlinux ] && say btf "$(stat -Lc %s /sys/kernel/btf/vmlinux)"
say cgroup "$(sed -n 's/^0:://p' /proc/self/cgroup)"
grep ' - cgroup2 ' /proc/self/mountinfo | while read -r _ _ _ root at _; do say cgroup2 "$at $root"; done
say lockdown "$(grep -o '\\[[a-z]*\\]' /sys/kernel/security/lockdown 2>/dev/null)"
say lsm "$(first /sys/kernel/security/lsm)"
for s in kernel/unprivileged_bpf_disabled kernel/unprivileged_userns_clone kernel/apparmor_restrict_unprivileged_userns \\
  kernel/yama/ptrace_scope net/ipv4/ip_forward net/netfilter/nf_conntrack_max net/ipv4/ip_local_port_range; do
  [ -e /proc/sys/$s ] && say sysctl "$s $(tr '\\t' ' ' </proc/sys/$s)"
done
for tool in $1; do command -v $tool >/dev/null 2>&1 || say missing $tool; done
for tool in sudo visudo docker runc podman systemctl nft clang python3 curl; do
  at=$(command -v $tool 2>/dev/null) && say tool "$tool $at"
done
[ -S /var/run/docker.sock ] && say docker-socket /var/run/docker.sock
[ -d /run/systemd/system ] && say systemd running
[ -n "$SUDO_USER" ] && say sudo-user "$SUDO_USER"
say iptables "$(iptables --version 2>/dev/null)"
for bundle in $2; do [ -s "$bundle" ] && { say bundle "$(readlink -f "$bundle")"; break; }; done
ip -o link show lo 2>/dev/null | grep -q '[<,]UP[,>]' && say loopback up
mkdir -p /run/egress 2>/dev/null && [ -w /run/egress ] && say run writable
say memory "$(sed -n 's/^MemAvailable: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo)"
say cpus "$(nproc)"
[ "$(id -u)" = 0 ] || exit 0
unshare --net --mount --propagation private sh -s "$(sed -n 's/^0:://p' /proc/self/cgroup)" <<'INSIDE'
ip link set lo up
mount -t bpf bpf /mnt 2>/dev/null && echo bpffs mounted
try() {
  name=$1; shift
  if said=$("$@" 2>&1); then echo "rule $name"; else echo "no-rule $name: $(echo "$said" | head -n 1)"; fi
}
try nfqueue iptables -w 5 -t mangle -A OUTPUT -p udp -j NFQUEUE --queue-num 1
try connmark iptables -w 5 -t mangle -A OUTPUT -p udp -m mark --mark 1 -j CONNMARK --save-mark
try redirect iptables -w 5 -t nat -A OUTPUT -p tcp -j REDIRECT --to-ports 1
try conntrack iptables -w 5 -A OUTPUT -p udp -m conntrack --ctstate DNAT -j REJECT
try cgroup iptables -w 5 -A OUTPUT -m cgroup --path "\${1#/}" -j RETURN
INSIDE
exit 0
`;

/** Looks at the machine. As another user than root it sees less. */
export async function probe(): Promise<Facts> {
  const facts = Facts.parse((await sh(SCRIPT, { args: [TOOLS, SYSTEM_BUNDLES.join(" ")] })).stdout);
  for (const [key, value] of libbpfFacts()) facts.add(key, value);
  facts.add("deno", Deno.version.deno);
  return facts;
}
