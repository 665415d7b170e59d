/**
 * A config.json as dockerd writes it for `docker run busybox`, and the machine that goes with it.
 *
 * @module
 */

import { DEFAULT_CAPABILITIES } from "../defaults.ts";
import type { HostFacts, SourceFacts } from "../facts.ts";
import type { JsonObject } from "../json.ts";
import { parseMountinfo } from "../mountinfo.ts";
import type { Settings } from "../settings.ts";

export const ID = "0b79edef096f86a10c33d5a31eda0c94db616a083120862cbaf2ee8ddcd3fb88";
export const DATA = "/var/lib/docker";
export const HOST_NETNS = "net:[4026531840]";

const names = [...DEFAULT_CAPABILITIES].map((name) => `CAP_${name}`);

/** The config.json; `change` may alter it in place. */
export function bundle(change: (config: ReturnType<typeof plain>) => void = () => {}): JsonObject {
  const config = plain();
  change(config);
  return config;
}

function plain() {
  return {
    ociVersion: "1.0.2-dev",
    process: {
      user: { uid: 0, gid: 0 },
      args: ["true"],
      env: ["PATH=/bin"],
      cwd: "/",
      capabilities: { bounding: [...names], effective: [...names], permitted: [...names] },
    } as JsonObject & { capabilities: Record<string, string[]>; env: string[] },
    root: { path: `${DATA}/overlay2/abc/merged` },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc", options: ["nosuid"] },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid"] },
      { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "ro"] },
      { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"] },
      bind(`${DATA}/containers/${ID}/hosts`, "/etc/hosts"),
    ] as JsonObject[],
    linux: {
      resources: {
        devices: [
          { allow: false, access: "rwm" },
          { allow: true, type: "c", major: 1, minor: 3, access: "rwm" },
        ] as JsonObject[],
      },
      devices: [] as JsonObject[],
      cgroupsPath: `/docker/${ID}`,
      namespaces: ["mount", "network", "uts", "pid", "ipc", "cgroup"].map((type) => ({ type })) as {
        type: string;
        path?: string;
      }[],
      seccomp: { defaultAction: "SCMP_ACT_ERRNO", syscalls: [] } as JsonObject | undefined,
      maskedPaths: ["/proc/acpi", "/proc/kcore", "/proc/keys", "/sys/firmware"],
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
  };
}

/** A bind mount of config.json. */
export function bind(source: string, destination: string, ...options: string[]): JsonObject {
  return { destination, type: "bind", source, options: ["rbind", ...options] };
}

export const MOUNTINFO = `21 26 0:20 / /proc rw - proc proc rw
22 26 0:21 / /sys rw - sysfs sysfs rw
23 26 0:6 / /dev rw - devtmpfs devtmpfs rw
24 26 0:24 / /run rw - tmpfs tmpfs rw
26 1 254:0 / / rw,relatime - ext4 /dev/vda rw
27 26 254:0 / ${DATA}/volumes/bad/_data rw - ext4 /dev/vda rw
28 26 254:0 /home/runner/work ${DATA}/volumes/good/_data rw - ext4 /dev/vda rw
29 26 0:60 / ${DATA}/volumes/ram/_data rw - tmpfs tmpfs rw
30 26 0:61 / ${DATA}/volumes/over/_data rw - overlay overlay rw,lowerdir=/etc
31 26 254:0 /etc ${DATA}/volumes/etc/_data rw - ext4 /dev/vda rw
32 24 0:4 ${HOST_NETNS} /run/docker/netns/default rw - nsfs nsfs rw
33 24 0:4 net:[4026532222] /run/docker/netns/1234 rw - nsfs nsfs rw
`;

/** Facts of the machine. Sources that are not given are plain folders of their own name. */
export function host(
  sources: Record<string, Partial<SourceFacts>> = {},
  config = bundle(),
): HostFacts {
  const all: Record<string, SourceFacts> = {};
  for (const mount of (config.mounts as JsonObject[])) {
    const source = String(mount.source);
    all[source] = { real: source, kind: "folder", uid: 0, fixed: true, ...sources[source] };
  }
  return {
    mounts: parseMountinfo(MOUNTINFO),
    netns: HOST_NETNS,
    apparmor: false,
    cgroup2: true,
    sources: all,
    protectedPlaces: ["/etc", "/usr", "/proc", "/sys", "/dev", "/run", "/root", "/var/lib", DATA],
    readable: [],
  };
}

export const GUARD: Settings = {
  mode: "guard",
  exceptions: [],
  certs: false,
  places: [],
  readable: [],
};
