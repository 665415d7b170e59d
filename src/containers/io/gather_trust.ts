/**
 * Looks into a container's root file system for what trust is made of.
 *
 * @module
 */

import { type JsonObject, objectOf, textOf } from "../json.ts";
import { resolveIn } from "../rootfs.ts";
import { BUNDLES, CACERTS, type TrustFacts, variableOf } from "../trust.ts";

/** Larger files are no bundles. */
const LIMIT = 2 * 1024 * 1024;

/**
 * @param bundle the container's bundle folder
 * @param ca the run's CA, PEM
 */
export function gatherTrust(config: JsonObject, bundle: string, ca: string): TrustFacts {
  const root = rootFolder(config, bundle);
  const bundles = BUNDLES.map((path) => readWithin(root, path)).filter((bytes) =>
    bytes !== undefined
  );
  const cacerts = findCacerts(root, variableOf(objectOf(config.process), "JAVA_HOME"));
  const texts = bundles.map((bytes) => new TextDecoder().decode(bytes));
  return {
    ca,
    bundles: texts,
    hostBundle: texts.length > 0 ? "" : hostBundle(),
    ...(cacerts && { cacerts }),
    apt: within(root, "/etc/apt")?.isDirectory ?? false,
  };
}

/** `root.path`, which may be relative to the bundle. */
export function rootFolder(config: JsonObject, bundle: string): string {
  const path = textOf(objectOf(config.root).path);
  return path.startsWith("/") ? path : `${bundle}/${path}`;
}

function hostBundle(): string {
  for (const path of BUNDLES) {
    const bytes = readWithin("/", path);
    if (bytes) return new TextDecoder().decode(bytes);
  }
  return "";
}

function findCacerts(
  root: string,
  javaHome: string | undefined,
): Uint8Array<ArrayBuffer> | undefined {
  const home = javaHome?.startsWith("/")
    ? [`${javaHome}/lib/security/cacerts`, `${javaHome}/jre/lib/security/cacerts`]
    : [];
  for (const path of [...home, ...CACERTS].flatMap((pattern) => expand(root, pattern))) {
    const bytes = readWithin(root, path);
    if (bytes) return bytes;
  }
  return undefined;
}

/** The paths that fit a pattern with at most one `*`, which stands in a folder's name. */
function expand(root: string, pattern: string): string[] {
  const star = pattern.indexOf("*");
  if (star < 0) return [pattern];
  const slash = pattern.lastIndexOf("/", star);
  const folder = pattern.slice(0, slash);
  const prefix = pattern.slice(slash + 1, star);
  const rest = pattern.slice(star + 1);
  const real = resolveIn(root, folder, { readLink });
  if (real === undefined || !within(root, folder)?.isDirectory) return [];
  const names = [...Deno.readDirSync(real)].map((entry) => entry.name).sort();
  return names.filter((name) => name.startsWith(prefix)).map((name) => `${folder}/${name}${rest}`);
}

function within(root: string, path: string): Deno.FileInfo | undefined {
  const real = resolveIn(root, path, { readLink });
  if (real === undefined) return undefined;
  try {
    return Deno.lstatSync(real);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function readWithin(root: string, path: string): Uint8Array<ArrayBuffer> | undefined {
  const info = within(root, path);
  const real = resolveIn(root, path, { readLink });
  if (!info?.isFile || info.size > LIMIT || real === undefined) return undefined;
  return Deno.readFileSync(real);
}

function readLink(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch (error) {
    // EINVAL: it is no link.
    if (isAbsent(error) || (error instanceof Error && /os error 22/.test(error.message))) {
      return undefined;
    }
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}
