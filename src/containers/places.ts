/**
 * Which folders of the machine a container must not get: who writes there, or talks to what listens
 * there, is root of the machine.
 *
 * @module
 */

import type { HostFacts, Origin } from "./facts.ts";
import { type Mount, type Place, placeOf, within } from "./mountinfo.ts";

/**
 * Places that are protected with all that lies below them. Their ancestors are too, since they contain
 * them. `/var/run` and `/bin` are links on today's machines; the facts resolve them.
 */
export const PROTECTED = [
  "/etc",
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/lib64",
  "/boot",
  "/proc",
  "/sys",
  "/dev",
  "/run",
  "/var/run",
  "/root",
  "/var/lib",
  "/var/spool",
  "/var/cache/egress",
  "/snap",
] as const;

/** File systems that are windows into the kernel, wherever they are mounted. */
const KERNEL_FILE_SYSTEMS = new Set([
  ..."bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs mqueue nsfs proc pstore".split(
    " ",
  ),
  ..."securityfs selinuxfs sysfs tracefs binfmt_misc hugetlbfs rpc_pipefs".split(" "),
]);

/** Is it a window into the kernel? */
export function isKernelFileSystem(mount: Mount): boolean {
  return KERNEL_FILE_SYSTEMS.has(mount.type);
}

/** What a local volume may be a mount of, besides folders of the machine. */
const VOLUME_FILE_SYSTEMS = /^(?:tmpfs|nfs4?|cifs|smb3|fuse\..*)$/;

/** Single files that many images read, and that tell nothing secret; read-only. */
const HARMLESS_READ_ONLY = new Set([
  "/etc/localtime",
  "/etc/timezone",
  "/etc/passwd",
  "/etc/group",
  "/usr/bin/docker-init",
  "/usr/bin/tini-static",
  "/usr/libexec/docker/docker-init",
]);
const HARMLESS_TREES = ["/usr/share/zoneinfo", "/usr/share/ca-certificates", "/etc/ssl/certs"];

/** A bind mount as config.json asks for it. */
export interface BindMount {
  source: string;
  destination: string;
  readOnly: boolean;
}

/** Where the engine keeps what it mounts by itself. */
export interface EngineFolders {
  origin: Origin;
  /** Docker's data folder, if it is known. */
  data?: string;
}

/**
 * Why a container must not have this mount.
 *
 * @returns a clause like "it holds /etc", undefined if it may
 */
export function dangerOf(
  bind: BindMount,
  facts: HostFacts,
  engine: EngineFolders,
): string | undefined {
  const source = facts.sources[bind.source];
  if (!source || source.real === undefined) {
    return `what it is cannot be told (${source?.problem ?? "not looked at"})`;
  }
  if (source.kind === "device") return "it is a device";
  if (source.kind === "socket" && source.uid === 0) return "it is a socket of root's";
  const place = placeOf(facts.mounts, source.real);
  if (!place) return "what it is cannot be told (no mount holds it)";
  if (engine.data !== undefined && isMountedVolume(place, engine)) {
    return dangerOfVolume(place, facts, engine.data);
  }
  if (isOwn(source.real, engine)) return undefined;
  return dangerOfPlace(source.real, place, facts, bind.readOnly);
}

/**
 * Why this place is dangerous.
 *
 * @param path its name without symbolic links; undefined if only the place is known
 */
export function dangerOfPlace(
  path: string | undefined,
  place: Place,
  facts: HostFacts,
  readOnly: boolean,
): string | undefined {
  if (readOnly && path !== undefined && isHarmless(path, facts)) return undefined;
  if (isKernelFileSystem(place.mount)) return `it is the kernel's (${place.mount.type})`;
  for (const protectedPlace of facts.protectedPlaces) {
    if (path === protectedPlace) return `it is ${protectedPlace}`;
    if (path !== undefined && within(path, protectedPlace)) return `it lies in ${protectedPlace}`;
    if (path !== undefined && within(protectedPlace, path)) return `it holds ${protectedPlace}`;
    const other = placeOf(facts.mounts, protectedPlace);
    // The same file system under another name: a volume of `-o bind -o device=/etc`, or a second mount.
    if (!other || other.device !== place.device) continue;
    if (other.path === place.path) return `it is ${protectedPlace}`;
    if (within(other.path, place.path)) return `it holds ${protectedPlace}`;
    if (within(place.path, other.path)) return `it lies in ${protectedPlace}`;
  }
  return undefined;
}

function isHarmless(path: string, facts: HostFacts): boolean {
  const trees = [...HARMLESS_TREES, ...facts.readable];
  return HARMLESS_READ_ONLY.has(path) || trees.some((tree) => within(path, tree));
}

/** Files that dockerd writes for each container and mounts itself. */
const OF_CONTAINER =
  /^\/containers\/[0-9a-f]{64}\/(?:resolv\.conf|hostname|hosts|mounts\/.+|checkpoints\/.+)$/;
const VOLUME = /^\/volumes\/[^/]+\/_data(?:\/|$)/;

/** What the engine mounts of its own accord: it lies in its data folder, and nobody can exchange it. */
function isOwn(real: string, engine: EngineFolders): boolean {
  const { data, origin } = engine;
  if (data === undefined || !within(real, data) || real === data) return false;
  const below = real.slice(data.length);
  // Snapshots and caches of a build. A build's user names none of them: `docker build` has no bind
  // mounts of the machine.
  return origin === "buildkit" || OF_CONTAINER.test(below) || VOLUME.test(below);
}

/** Something that the options of a local volume mounted on it: `-o type=none -o o=bind -o device=/`. */
function isMountedVolume(place: Place, engine: EngineFolders): boolean {
  const { point } = place.mount;
  return engine.data !== undefined && within(point, engine.data) &&
    VOLUME.test(point.slice(engine.data.length));
}

function dangerOfVolume(place: Place, facts: HostFacts, data: string): string | undefined {
  const { type, device } = place.mount;
  if (VOLUME_FILE_SYSTEMS.test(type)) return undefined;
  const known = facts.mounts.some((mount) => mount.device === device && !within(mount.point, data));
  if (!known) return `it is a mount of ${type} that the machine itself does not have`;
  return dangerOfPlace(undefined, place, facts, false);
}
