/**
 * A second look, when the container has been made but not started: whoever can exchange a folder for a link
 * between the first look and runc's mount gets what the link leads to. What is mounted then stays.
 *
 * @module
 */

import type { HostFacts } from "./facts.ts";
import { type Mount, type Place, placeOf, within } from "./mountinfo.ts";
import { type BindMount, dangerOfPlace, isKernelFileSystem } from "./places.ts";

/** What runc itself mounts lies here. */
const RUNTIME_POINTS = ["/proc", "/sys", "/dev/pts", "/dev/mqueue", "/dev/console"];

/** The places that the bind mounts led to when they were judged, and what is mounted below them. */
export function expectedPlaces(binds: readonly BindMount[], facts: HostFacts): string[] {
  const expected = new Set<string>();
  for (const bind of binds) {
    const real = facts.sources[bind.source]?.real;
    const place = real === undefined ? undefined : placeOf(facts.mounts, real);
    if (real === undefined || !place) continue;
    expected.add(keyOf(place));
    for (const mount of facts.mounts) {
      if (within(mount.point, real)) {
        expected.add(keyOf({ device: mount.device, path: mount.root }));
      }
    }
  }
  return [...expected];
}

function keyOf(place: Pick<Place, "device" | "path">): string {
  return `${place.device} ${place.path}`;
}

/** Can a source be exchanged between the look at it and the mount? */
export function isExchangeable(binds: readonly BindMount[], facts: HostFacts): boolean {
  return binds.some((bind) => !facts.sources[bind.source]?.fixed);
}

/**
 * What a container has got that it was not judged for.
 *
 * @param inside /proc/PID/mountinfo of its first process
 * @param expected of {@link expectedPlaces}
 * @returns clauses: "/x, and it holds /etc"
 */
export function surprises(
  inside: readonly Mount[],
  expected: readonly string[],
  facts: HostFacts,
): string[] {
  const known = new Set(expected);
  const kernelPoints = new Set<string>();
  const found: string[] = [];
  for (const mount of inside) {
    if (mount.point === "/" || known.has(keyOf({ device: mount.device, path: mount.root }))) {
      continue;
    }
    const own = isKernelFileSystem(mount) && RUNTIME_POINTS.some((p) => within(mount.point, p)) &&
      !kernelPoints.has(mount.point);
    if (own) {
      kernelPoints.add(mount.point);
      continue;
    }
    const place = { device: mount.device, path: mount.root, mount };
    const danger = dangerOfPlace(undefined, place, facts, false);
    if (danger !== undefined) found.push(`${mount.point}, and ${danger}`);
  }
  return found;
}
