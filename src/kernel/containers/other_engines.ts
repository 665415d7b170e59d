/**
 * Image names that podman and containerd keep in files.
 *
 * @module
 */

import { SyscallError } from "../sys/call.ts";
import { readText } from "../sys/files.ts";
import { entryOf, parseOr, textIn } from "./docker_answer.ts";

/** containers/storage: its list of containers; the name is in a JSON text of its own. */
const PODMAN_LIST = "/var/lib/containers/storage/overlay-containers/containers.json";
const LIMIT = 4 * 1024 * 1024;

/** The name in podman's list. No I/O. */
export function podmanImage(list: string, id: string): string | undefined {
  const metadata = entryOf(list, "id", id, "metadata");
  return metadata && textIn(parseOr(metadata), "image-name");
}

/** The name in the annotations of a bundle that Kubernetes' side of containerd made. No I/O. */
export function criImage(config: string): string | undefined {
  const annotations = Object(parseOr(config)).annotations;
  return textIn(annotations, "io.kubernetes.cri.image-name");
}

/** Looks it up. @returns undefined if the engine's state does not show it */
export function imageFromFiles(engine: "podman" | "containerd", id: string): string | undefined {
  if (engine === "podman") {
    const list = readOr(PODMAN_LIST);
    return list && podmanImage(list, id);
  }
  const config = readOr(`/run/containerd/io.containerd.runtime.v2.task/k8s.io/${id}/config.json`);
  return config && criImage(config);
}

function readOr(path: string): string | undefined {
  try {
    return readText(path, LIMIT);
  } catch (error) {
    // An engine that is not there, or whose files are of another kind, has no names to give.
    if (error instanceof SyscallError) return undefined;
    throw error;
  }
}
