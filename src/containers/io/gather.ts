/**
 * Looks at the machine for the checks.
 *
 * @module
 */

import type { DockerFacts, HostFacts, SourceFacts } from "../facts.ts";
import { objectOf, textOf, textsOf } from "../json.ts";
import type { Mount } from "../mountinfo.ts";
import { within } from "../mountinfo.ts";
import { PROTECTED } from "../places.ts";
import type { Settings } from "../settings.ts";
import { readJson } from "./json_file.ts";

/** What the wrapper's shell part finds out by itself, since Deno may not look there. */
export interface ShellFacts {
  mounts: Mount[];
  netns: string;
  apparmor: boolean;
}

/** Folders that Deno opens for nobody; nobody may have them either. */
const KERNEL_FOLDERS = ["/proc", "/sys", "/dev"];

/** @param further places to protect besides those of the settings: Docker's data, the wrapper's folder */
export function gatherHost(
  shell: ShellFacts,
  sources: readonly string[],
  settings: Settings,
  further: readonly string[],
): HostFacts {
  const places = [...PROTECTED, ...settings.places, ...further].map(realOf);
  return {
    ...shell,
    cgroup2: shell.mounts.some((m) => m.point === "/sys/fs/cgroup" && m.type === "cgroup2"),
    sources: Object.fromEntries(sources.map((source) => [source, lookAt(source)])),
    protectedPlaces: [...new Set(places.filter((path) => path !== undefined))],
    readable: settings.readable.map(realOf).filter((path) => path !== undefined),
  };
}

/** Without symbolic links; undefined if it is not there. */
function realOf(path: string): string | undefined {
  if (KERNEL_FOLDERS.some((folder) => within(path, folder))) return path;
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Looks at the source of a bind mount. Never throws: what cannot be told is a fact too. */
export function lookAt(source: string): SourceFacts {
  if (!source.startsWith("/")) return { fixed: false, problem: "its path is not absolute" };
  if (KERNEL_FOLDERS.some((folder) => within(normal(source), folder))) {
    return { real: normal(source), kind: "other", fixed: true };
  }
  try {
    const real = Deno.realPathSync(source);
    const info = Deno.statSync(real);
    const kind = info.isDirectory
      ? "folder"
      : info.isFile
      ? "file"
      : info.isSocket
      ? "socket"
      : info.isBlockDevice || info.isCharDevice
      ? "device"
      : "other";
    return { real, kind, ...(info.uid !== null && { uid: info.uid }), fixed: isFixed(source) };
  } catch (error) {
    return { fixed: false, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Without `.`, `..`, and doubled slashes. */
function normal(path: string): string {
  return new URL(`file://${path.split("/").map(encodeURIComponent).join("/")}`).pathname
    .split("/").map(decodeURIComponent).join("/").replace(/\/+/g, "/");
}

/** Can nobody but root put something else into the place of this path or of a folder on the way? */
function isFixed(path: string): boolean {
  const names = path.split("/").filter((name) => name !== "");
  let folder = "/";
  for (const name of names) {
    const parent = Deno.statSync(folder);
    const child = Deno.lstatSync(`${folder === "/" ? "" : folder}/${name}`);
    const open = ((parent.mode ?? 0o777) & 0o022) !== 0;
    // In a sticky folder everybody can only exchange what is their own.
    const sticky = ((parent.mode ?? 0) & 0o1000) !== 0 && child.uid === 0;
    if (parent.uid !== 0 || (open && !sticky) || child.isSymlink) return false;
    folder = `${folder === "/" ? "" : folder}/${name}`;
  }
  return true;
}

const OWN_FILE = /^(.+)\/containers\/[0-9a-f]{64}\/(?:hostname|hosts|resolv\.conf)$/;
const EXECUTOR = /^(.+)\/buildkit\/executor\/[^/]+$/;

/**
 * Docker's data folder, told by what only dockerd itself chooses: the container's root file system lies
 * in it, and files that it mounts into every container.
 *
 * @param rootPath `root.path` of config.json
 */
export function dataFolder(
  origin: "engine" | "buildkit",
  bundle: string,
  rootPath: string,
  sources: readonly string[],
): string | undefined {
  if (origin === "buildkit") return EXECUTOR.exec(bundle)?.[1];
  return sources.map((source) => OWN_FILE.exec(source)?.[1])
    .find((folder) => folder !== undefined && folder !== "" && within(rootPath, folder));
}

/** What Docker noted of a container; undefined if it is not Docker's. */
export function gatherDocker(data: string | undefined, id: string): DockerFacts | undefined {
  if (data === undefined || !/^[0-9a-f]{64}$/.test(id)) return undefined;
  const folder = `${data}/containers/${id}`;
  try {
    const config = readJson(`${folder}/config.v2.json`);
    const host = readJson(`${folder}/hostconfig.json`);
    const image = textOf(objectOf(config.Config).Image);
    const imageId = textOf(config.Image);
    return {
      ...(image !== "" && { image }),
      ...(imageId !== "" && { imageId }),
      capAdd: textsOf(host.CapAdd).map((name) => name.toUpperCase().replace(/^CAP_/, "")),
    };
  } catch (error) {
    // Podman and containerd keep no such files; a file under way is not one either.
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
