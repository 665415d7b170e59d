/**
 * Which container a cgroup is of, told by its path. No I/O.
 *
 * @module
 */

/** A container by the engine that made it. */
export interface ContainerId {
  engine: "docker" | "podman" | "containerd";
  /** Hexadecimal, 64 digits. */
  id: string;
}

/** `docker-ID.scope` (systemd driver), `/docker/ID` (cgroupfs driver), and what podman and containerd make of them. */
const FORMS: readonly [ContainerId["engine"], RegExp][] = [
  ["docker", /(?:^|\/)(?:docker\/|docker-)([0-9a-f]{64})(?:\.scope)?(?:\/|$)/],
  ["podman", /(?:^|\/)libpod-([0-9a-f]{64})(?:\.scope)?(?:\/|$)/],
  ["containerd", /(?:^|\/)(?:cri-containerd|nerdctl)-([0-9a-f]{64})(?:\.scope)?(?:\/|$)/],
];

/**
 * @param cgroup a cgroup v2 path from its root
 * @returns the outermost container, which is one of this machine's engines; undefined outside of any
 */
export function containerOf(cgroup: string): ContainerId | undefined {
  let found: ContainerId | undefined;
  let at = Infinity;
  for (const [engine, form] of FORMS) {
    const match = form.exec(cgroup);
    if (match && match.index < at) {
      at = match.index;
      found = { engine, id: match[1]! };
    }
  }
  return found;
}
