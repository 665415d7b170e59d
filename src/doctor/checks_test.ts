import assert from "node:assert/strict";
import { canRun } from "./check.ts";
import { checksOf } from "./checks.ts";
import { Facts } from "./probe.ts";

const GOOD = `uid 0
arch x86_64
apt-get there
kernel 6.8.0-1021-azure
btf 5521232
cgroup /system.slice/runner.service
cgroup2 /sys/fs/cgroup /
lockdown [integrity]
lsm lockdown,capability,yama,apparmor,bpf
sysctl kernel/yama/ptrace_scope 1
sysctl kernel/unprivileged_userns_clone 0
sysctl net/netfilter/nf_conntrack_max 262144
sysctl net/ipv4/ip_local_port_range 32768 60999
tool sudo /usr/bin/sudo
tool visudo /usr/sbin/visudo
sudo-user runner
systemd running
iptables iptables v1.8.10 (nf_tables)
bundle /etc/ssl/certs/ca-certificates.crt
loopback up
run writable
memory 8000000
cpus 4
bpffs mounted
libbpf libbpf.so.1
program cgroup_skb
map ringbuf
rule nfqueue
rule connmark
rule redirect
rule conntrack
rule cgroup
`;

function rows(text: string) {
  return new Map(checksOf(Facts.parse(text)).map((check) => [check.name, check]));
}

const without = (...lines: string[]) =>
  GOOD.split("\n").filter((line) => !lines.some((start) => line.startsWith(start))).join("\n");

Deno.test("doctor: on a good machine every row is ok, and none says what to do", () => {
  const checks = checksOf(Facts.parse(GOOD));
  assert.deepEqual(checks.filter(({ status, todo }) => status !== "ok" || todo), []);
  assert.ok(canRun(checks));
  assert.ok(checks.length > 20);
});

const MISSING: [string, string, string][] = [
  ["root", without("uid") + "\nuid 1000", "sudo"],
  ["processor", without("arch") + "\narch aarch64", "x86-64"],
  ["kernel", without("kernel ") + "\nkernel 5.4.0", "5.8"],
  ["kernel types (BTF)", without("btf"), "CONFIG_DEBUG_INFO_BTF"],
  ["cgroup v2", without("cgroup "), "cgroup v2"],
  ["cgroup v2", without("cgroup ") + "\ncgroup /../x", "container"],
  ["bpffs", without("bpffs"), "CAP_SYS_ADMIN"],
  ["BPF programs", GOOD + "no-program sched_cls", "CAP_BPF"],
  ["netfilter", without("rule nfqueue"), "nfnetlink_queue"],
  ["netfilter", without("rule cgroup") + "\nno-rule cgroup: no such match", "xt_cgroup"],
  ["loopback", without("loopback"), "ip link set lo up"],
  ["state folder", without("run "), "/run"],
  ["kernel lockdown", without("lockdown") + "\nlockdown [confidentiality]", "integrity"],
];

for (const [name, facts, todo] of MISSING) {
  Deno.test(`doctor: without it egress cannot run: ${name} (${todo})`, () => {
    const check = rows(facts).get(name);
    assert.equal(check?.status, "missing");
    assert.ok(check?.todo?.includes(todo), check?.todo);
    assert.ok(!canRun(checksOf(Facts.parse(facts))));
  });
}

const LIMITED: [string, string][] = [
  ["tools", GOOD + "missing iptables-restore"],
  ["libbpf", without("libbpf", "program", "map") + "\nno-libbpf cannot open"],
  ["iptables", without("iptables", "rule")],
  ["gate at the uplinks", without("kernel ") + "\nkernel 6.1.0-28-amd64"],
  ["CA bundle", without("bundle")],
  ["memory", without("memory") + "\nmemory 100000"],
  ["conntrack", without("sysctl net/netfilter") + "\nsysctl net/netfilter/nf_conntrack_max 1024"],
  ["ports", without("sysctl net/ipv4") + "\nsysctl net/ipv4/ip_local_port_range 40000 40100"],
  ["reading of memory", without("sysctl kernel/yama")],
  ["user namespaces", without("sysctl kernel/unprivileged")],
  ["user of COMMAND", without("sudo-user")],
  ["sudo", without("tool visudo")],
  ["containers", GOOD + "tool docker /usr/bin/docker\ndocker-socket /var/run/docker.sock"],
  ["systemd", without("systemd")],
];

for (const [name, facts] of LIMITED) {
  Deno.test(`doctor: with less of it egress still runs: ${name}`, () => {
    const check = rows(facts).get(name);
    assert.equal(check?.status, "limited");
    assert.ok(check?.todo);
    assert.ok(canRun(checksOf(Facts.parse(facts))));
  });
}

Deno.test("doctor: what the launcher cannot install is missing", () => {
  assert.equal(rows(without("apt-get") + "\nmissing ip").get("tools")?.status, "missing");
});
