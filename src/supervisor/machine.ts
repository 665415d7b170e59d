/**
 * What must be known of the machine before a run.
 *
 * @module
 */

import { EgressError } from "./errors.ts";
import { PROBE } from "./scripts.ts";
import { mustSh } from "./shell.ts";
import { exists } from "./files.ts";

/** Facts of the machine, read at start. */
export interface Machine {
  uid: number;
  /** Own cgroup v2 path. */
  cgroup: string;
  /** Where a whole cgroup2 tree is mounted; absent where none can be seen. */
  cgroupRoot?: string;
  /** Inode of the network namespace. */
  netns: string;
  /** The system's CA bundle, links resolved; absent where there is none. */
  caBundle?: string;
  missingTools: string[];
  btf: boolean;
  loopbackUp: boolean;
}

/** Where distributions keep their CA bundle, most common first. */
export const SYSTEM_BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** Looks at the machine. Needs no root. */
export async function probeMachine(): Promise<Machine> {
  const bundle = SYSTEM_BUNDLES.find(exists) ?? "";
  return parseProbe(await mustSh("looking at the machine", PROBE, { args: [bundle] }));
}

/** Reads the output of the probe script (scripts.ts). Pure. */
export function parseProbe(output: string): Machine {
  const machine: Machine = {
    uid: -1,
    cgroup: "",
    netns: "",
    missingTools: [],
    btf: true,
    loopbackUp: false,
  };
  for (const line of output.split("\n")) {
    const [key, ...rest] = line.split(" ");
    const value = rest.join(" ");
    if (key === "uid") machine.uid = Number(value);
    else if (key === "cgroup") machine.cgroup = value;
    else if (key === "netns") machine.netns = value;
    else if (key === "bundle") machine.caBundle = value;
    else if (key === "missing") machine.missingTools.push(value);
    else if (key === "missing-btf") machine.btf = false;
    else if (key === "lo-up") machine.loopbackUp = true;
    else if (key === "mount") machine.cgroupRoot ??= cgroupRootOf(value);
  }
  return machine;
}

/** `36 35 98:0 /root /mount/point options ... - type ...`, proc_pid_mountinfo(5). */
function cgroupRootOf(mountinfo: string): string | undefined {
  const [mount, filesystem] = mountinfo.split(" - ");
  const fields = mount?.split(" ") ?? [];
  if (!filesystem?.startsWith("cgroup2 ") || fields[3] !== "/") return undefined;
  // Octal escapes stand for blanks in the path.
  return fields[4]?.replace(/\\(\d{3})/g, (_, code) => String.fromCharCode(parseInt(code, 8)));
}

/**
 * Refuses machines that cannot run egress, with the missing thing named.
 *
 * @throws {EgressError}
 */
export function requireMachine(machine: Machine): void {
  if (machine.uid !== 0) {
    throw new EgressError(
      "egress run needs root: it loads BPF programs and sets firewall rules",
      "run it with sudo",
    );
  }
  if (machine.missingTools.length > 0) {
    throw new EgressError(
      `missing: ${machine.missingTools.join(", ")}`,
      "apt-get install iptables iproute2 util-linux",
    );
  }
  if (!machine.btf) {
    throw new EgressError(
      "this kernel has no BTF (/sys/kernel/btf/vmlinux), which the BPF programs need",
      "use a kernel built with CONFIG_DEBUG_INFO_BTF (Debian's and Ubuntu's are)",
    );
  }
  if (!machine.loopbackUp) {
    throw new EgressError(
      "the loopback interface is down in this network namespace, so nothing can be redirected to the proxy",
      "ip link set lo up",
    );
  }
  if (!machine.cgroup.startsWith("/")) {
    throw new EgressError("this process has no cgroup v2", "boot with cgroup v2 (hybrid is fine)");
  }
  if (machine.cgroup.startsWith("/..")) {
    throw new EgressError(
      `this process's cgroup (${machine.cgroup}) lies outside its cgroup namespace`,
      "start egress outside the container, or with its cgroup namespace",
    );
  }
}
