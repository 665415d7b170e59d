/**
 * The rows of `egress doctor`, made from facts. Pure.
 *
 * @module
 */

import { type Check, lacks, ok } from "./check.ts";
import type { Facts } from "./probe.ts";

/** Ring buffers, `bpf_ktime_get_boot_ns` and links for cgroup programs are all there from this version on. */
const OLDEST_KERNEL = [5, 8] as const;
/** TCX links, which the gate at the uplinks is attached by. */
const TCX_KERNEL = [6, 6] as const;
/** All roles of a run weigh about 300 MB (bench/run.ts). In KiB. */
const LITTLE_MEMORY = 400 * 1024;

/** One row a function, in the order of the table. */
const ROWS: readonly ((facts: Facts) => Check)[] = [
  (f) =>
    f.get("uid") === "0" ? ok("root", "yes") : lacks(
      "root",
      "missing",
      `user ${f.get("uid")}`,
      "run it with sudo; without it less can be seen",
    ),
  (f) =>
    f.get("arch") === "x86_64"
      ? ok("processor", "x86-64")
      : lacks("processor", "missing", f.get("arch"), "use an x86-64 machine"),
  kernel,
  uplinks,
  (f) =>
    f.has("btf")
      ? ok("kernel types (BTF)", `${Math.round(Number(f.get("btf")) / 1024)} KB`)
      : lacks(
        "kernel types (BTF)",
        "missing",
        "no /sys/kernel/btf/vmlinux",
        "use a kernel with CONFIG_DEBUG_INFO_BTF (Debian's and Ubuntu's have it)",
      ),
  cgroup,
  (f) =>
    f.get("uid") !== "0" || f.has("bpffs")
      ? ok("bpffs", f.has("bpffs") ? "can be mounted" : "not tried without root")
      : lacks("bpffs", "missing", "cannot be mounted", "allow mounting bpf (CAP_SYS_ADMIN)"),
  (f) =>
    f.has("libbpf")
      ? ok("libbpf", f.get("libbpf"))
      : bring(f, "libbpf", f.get("no-libbpf"), "libbpf1"),
  (f) => kinds(f, "BPF programs", "program"),
  (f) => kinds(f, "BPF maps", "map"),
  iptables,
  netfilter,
  (f) => {
    const max = sysctl(f, "net/netfilter/nf_conntrack_max");
    if (max === "" || Number(max) >= 16_384) return ok("conntrack", max || "not loaded yet", false);
    const todo = "sysctl -w net.netfilter.nf_conntrack_max=65536";
    return lacks("conntrack", "limited", `room for ${max} connections`, todo);
  },
  (f) =>
    f.has("missing")
      ? bring(f, "tools", `no ${f.all("missing").join(", ")}`, "iptables iproute2 util-linux mount")
      : ok("tools", "all there"),
  (f) =>
    f.has("loopback")
      ? ok("loopback", "up")
      : lacks("loopback", "missing", "down", "ip link set lo up"),
  ports,
  (f) =>
    f.has("run")
      ? ok("state folder", "/run/egress")
      : lacks("state folder", "missing", "/run cannot be written", "mount a tmpfs on /run"),
  (f) =>
    f.has("bundle") ? ok("CA bundle", f.get("bundle")) : lacks(
      "CA bundle",
      "limited",
      "none; only the environment tells COMMAND of the run's CA",
      "apt-get install ca-certificates",
    ),
  (f) => {
    const found = `${Math.round(Number(f.get("memory")) / 1024)} MB free, ${
      f.get("cpus")
    } processors`;
    return Number(f.get("memory")) >= LITTLE_MEMORY
      ? ok("memory", found, false)
      : lacks("memory", "limited", found, "free some memory: a run takes about 300 MB");
  },
  lockdown,
  userNamespaces,
  (f) => {
    const scope = sysctl(f, "kernel/yama/ptrace_scope");
    if (Number(scope) >= 1) return ok("reading of memory", `ptrace_scope ${scope}`, false);
    const why = "so that a step cannot read another's memory";
    return scope === ""
      ? lacks("reading of memory", "limited", "no Yama", `use a kernel with Yama, ${why}`)
      : lacks(
        "reading of memory",
        "limited",
        "ptrace_scope 0",
        `sysctl -w kernel.yama.ptrace_scope=1, ${why}`,
      );
  },
  (f) => {
    const user = f.get("sudo-user");
    if (user !== "" && user !== "root") return ok("user of COMMAND", user, false);
    const todo = "give --user NAME: root can do more to the machine than a user";
    return lacks("user of COMMAND", "limited", "root", todo);
  },
  (f) => here(f, "sudo", ["sudo", "visudo"], "sudo of the runner's user can be switched off"),
  containers,
  (f) =>
    f.has("systemd")
      ? ok("systemd", "running", false)
      : lacks("systemd", "limited", "not running", "nothing to do: plain processes are used"),
];

/** All rows. */
export function checksOf(facts: Facts): Check[] {
  return ROWS.map((row) => row(facts));
}

function kernel(f: Facts): Check {
  const version = f.get("kernel");
  if (isAtLeast(version, OLDEST_KERNEL)) return ok("kernel", version);
  return lacks("kernel", "missing", version, `use Linux ${OLDEST_KERNEL.join(".")} or newer`);
}

function uplinks(f: Facts): Check {
  const name = "gate at the uplinks";
  if (isAtLeast(f.get("kernel"), TCX_KERNEL)) return ok(name, "TCX links", false);
  const todo = `use Linux ${
    TCX_KERNEL.join(".")
  } or newer for egress start; egress run works without`;
  return lacks(name, "limited", "no TCX links", todo);
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split(".").map((part) => parseInt(part, 10));
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

function cgroup(f: Facts): Check {
  const name = "cgroup v2";
  const own = f.get("cgroup");
  if (!own.startsWith("/")) {
    return lacks(name, "missing", "this process has none", "boot with cgroup v2 (hybrid is fine)");
  }
  if (own.startsWith("/..")) {
    const todo = "start egress outside the container, or with its cgroup namespace";
    return lacks(name, "missing", `${own} lies outside this cgroup namespace`, todo);
  }
  const whole = f.all("cgroup2").map((line) => line.split(" ")).find(([, root]) => root === "/");
  return ok(name, whole ? `at ${whole[0]}` : "mounted nowhere; each run mounts its own");
}

function kinds(f: Facts, name: string, key: "program" | "map"): Check {
  const missing = f.all(`no-${key}`);
  if (!f.has("libbpf")) return bring(f, name, "unknown without libbpf", "libbpf1");
  if (missing.length === 0) return ok(name, f.all(key).join(", "));
  const found = `not ${missing.join(", ")}`;
  const todo = "run as root with CAP_BPF and CAP_NET_ADMIN, on a kernel with CONFIG_CGROUP_BPF";
  return lacks(name, "missing", found, todo);
}

function iptables(f: Facts): Check {
  const version = f.get("iptables");
  if (version === "") return bring(f, "iptables", "none", "iptables");
  return ok("iptables", version.replace(/^iptables /, ""));
}

const RULES = ["nfqueue", "connmark", "redirect", "conntrack", "cgroup"];

function netfilter(f: Facts): Check {
  const name = "netfilter";
  if (f.get("uid") !== "0") return ok(name, "not tried without root");
  const failed = f.all("no-rule");
  const untried = RULES.filter((rule) =>
    !f.all("rule").includes(rule) && !failed.some((line) => line.startsWith(`${rule}:`))
  );
  if (f.get("iptables") === "") return bring(f, name, "not tried without iptables", "iptables");
  if (failed.length === 0 && untried.length === 0) return ok(name, RULES.join(", "));
  const found = `not ${[...failed, ...untried].join("; ")}`;
  const todo =
    "load the kernel's modules: modprobe nfnetlink_queue xt_NFQUEUE xt_connmark xt_cgroup nf_nat";
  return lacks(name, "missing", found, todo);
}

function ports(f: Facts): Check {
  const [low = 0, high = 0] = sysctl(f, "net/ipv4/ip_local_port_range").split(" ").map(Number);
  const found = `${low}-${high}, chosen free at the start`;
  if (high - low >= 1000) return ok("ports", found, false);
  const todo = 'sysctl -w net.ipv4.ip_local_port_range="32768 60999"';
  return lacks("ports", "limited", found, todo);
}

function lockdown(f: Facts): Check {
  const mode = f.get("lockdown").replace(/[[\]]/g, "");
  const found = [mode && `lockdown ${mode}`, f.get("lsm")].filter(Boolean).join("; ");
  if (mode === "confidentiality") {
    const todo = "boot with lockdown=integrity or none: BPF may not read the kernel's memory now";
    return lacks("kernel lockdown", "missing", found, todo);
  }
  return ok("kernel lockdown", found || "cannot be seen", false);
}

function userNamespaces(f: Facts): Check {
  const restricted = sysctl(f, "kernel/unprivileged_userns_clone") === "0" ||
    sysctl(f, "kernel/apparmor_restrict_unprivileged_userns") === "1";
  if (restricted) return ok("user namespaces", "for root only", false);
  const todo = "nothing to do: processes in them are in the scope too";
  return lacks("user namespaces", "limited", "for every user", todo);
}

/** A row for what the launcher installs at first use, where it can. */
function bring(f: Facts, name: string, found: string, packages: string): Check {
  return f.has("apt-get")
    ? lacks(name, "limited", found, `nothing to do: egress installs ${packages} at its first use`)
    : lacks(name, "missing", found, `install ${packages}`);
}

function here(f: Facts, name: string, tools: string[], why: string): Check {
  const there = f.all("tool").map((line) => line.split(" ")[0]!);
  const missing = tools.filter((tool) => !there.includes(tool));
  if (missing.length === 0) return ok(name, why, false);
  return lacks(name, "limited", `no ${missing.join(", ")}`, "nothing to do unless it is wanted");
}

function containers(f: Facts): Check {
  const there = f.all("tool").map((line) => line.split(" ")[0]!);
  const engines = ["docker", "podman", "runc"].filter((tool) => there.includes(tool));
  if (engines.length === 0) return ok("containers", "none here", false);
  const found = engines.join(", ") + (f.has("docker-socket") ? "; dockerd runs" : "");
  if (!f.has("docker-socket")) return ok("containers", found, false);
  const todo =
    "keep COMMAND from Docker's socket: containers that it starts are outside egress run";
  return lacks("containers", "limited", found, todo);
}

function sysctl(f: Facts, name: string): string {
  const line = f.all("sysctl").find((one) => one.startsWith(`${name} `));
  return line?.slice(name.length + 1).trim() ?? "";
}
