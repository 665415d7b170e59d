/**
 * `docker cp`: dockerd itself mounts a container's bind mounts and copies, as root and without runc, even for
 * a container that never started. So Docker's API is asked about, through an authorization plugin.
 *
 * @module
 */

import type { HostFacts } from "../facts.ts";
import { type JsonObject, objectOf, objectsOf, textOf } from "../json.ts";
import { dangerOf } from "../places.ts";
import { excepted } from "../exceptions.ts";
import type { Settings } from "../settings.ts";

const COPY = /^(?:\/v[0-9.]+)?\/containers\/([^/]+)\/(?:archive|copy)\/*$/;

/**
 * The container that a request copies to or from.
 *
 * @param uri as the client wrote it
 * @returns undefined if the request is about something else; "" if it cannot be told
 */
export function copiedContainer(uri: string): string | undefined {
  const path = uri.replace(/[?#].*$/s, "");
  try {
    // Docker's router looks at the decoded path, without doubled slashes.
    return COPY.exec(decodeURIComponent(path).replace(/\/+/g, "/"))?.[1];
  } catch (error) {
    if (error instanceof URIError) return "";
    throw error;
  }
}

/** A container as the API tells it (ContainerInspect), and its volumes (VolumeInspect) by name. */
export interface Copied {
  container: JsonObject;
  volumes: Readonly<Record<string, JsonObject>>;
}

/** Sources of the container's bind mounts, which the facts have to cover. */
export function sourcesOf(container: JsonObject): string[] {
  return objectsOf(container.Mounts).filter((mount) => mount.Type === "bind")
    .map((mount) => textOf(mount.Source));
}

/** Names of its volumes. */
export function volumesOf(container: JsonObject): string[] {
  return objectsOf(container.Mounts).filter((mount) => mount.Type === "volume")
    .map((mount) => textOf(mount.Name));
}

/** @returns why nothing may be copied to or from the container; undefined if it may */
export function refuseCopy(
  { container, volumes }: Copied,
  facts: HostFacts,
  settings: Settings,
): string | undefined {
  const image = textOf(objectOf(container.Config).Image) || undefined;
  for (const mount of objectsOf(container.Mounts)) {
    const danger = dangerOfMount(mount, volumes, facts);
    const value = textOf(mount.Source);
    if (
      danger === undefined || excepted(settings.exceptions, { privilege: "mount", value }, image)
    ) {
      continue;
    }
    return `egress refuses docker cp with this container: it has ${value} as ` +
      `${textOf(mount.Destination)}, and ${danger}. To allow it: "allow: mount=${value}` +
      `${image ? ` image=${image}` : ""}" in \`containers\`.`;
  }
  return undefined;
}

function dangerOfMount(
  mount: JsonObject,
  volumes: Copied["volumes"],
  facts: HostFacts,
): string | undefined {
  if (mount.Type === "volume") return dangerOfOptions(objectOf(volumes[textOf(mount.Name)]));
  if (mount.Type !== "bind") return undefined;
  const source = textOf(mount.Source);
  const bind = { source, destination: textOf(mount.Destination), readOnly: mount.RW === false };
  const danger = dangerOf(bind, facts, { origin: "engine" });
  if (danger !== undefined) return danger;
  // What dockerd mounts later can be something else by then, and nobody looks again.
  return facts.sources[source]?.fixed ? undefined : "others than root can exchange that folder";
}

/** A local volume is mounted when it is used: until then only its options tell what it is. */
function dangerOfOptions(volume: JsonObject): string | undefined {
  const options = objectOf(volume.Options);
  const type = textOf(options.type);
  if (textOf(options.device) === "" || /^(?:tmpfs|nfs4?|cifs)$/.test(type)) return undefined;
  return `it is a volume of ${textOf(options.device)}`;
}
