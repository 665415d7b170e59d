/**
 * What root executes as egress: the launcher in the release's archive of this very version where setup/deps.sha256 pins one,
 * else the launcher of the action's checkout. Nothing comes from a cache.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { VERSION } from "../protocol/version.ts";
import { asRoot } from "./as_root.ts";
import { download } from "./download.ts";
import { HookError, reasonOf } from "./errors.ts";
import { ARCHIVE, type Asset, parseManifest } from "./manifest.ts";

/** Where the release's files are put: root's alone, and executable, as /run is not. */
const FOLDER = `/opt/egress/${VERSION}`;

/**
 * $1 folder, $2 name, $3 SHA-256, $4 where it is unpacked, if it is an archive; the file comes by standard input. It is
 * checked again where nobody but root can change it, so that nothing lies between the check and the use.
 */
const INSTALL = `
set -eu
umask 022
mkdir -p -- "$1"
cat > "$1/$2.new"
echo "$3  $1/$2.new" | sha256sum --check --status
mv -f -- "$1/$2.new" "$1/$2"
[ -n "$4" ] || exit 0
rm -rf -- "$1/$4.new" "$1/$4"
mkdir -- "$1/$4.new"
tar -xzf "$1/$2" -C "$1/$4.new" --strip-components=1 --no-same-owner
mv -- "$1/$4.new" "$1/$4"
`;

/** The folder of the unpacked archive. */
const UNPACKED = "unpacked";

/** Longest time to write one file, ms. */
const PATIENCE = 60_000;

/** The action's checkout; the hooks are in its setup/dist. */
const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/**
 * Provides the executable.
 *
 * @param env the hook's environment
 * @returns its path
 * @throws {HookError} if it cannot be had, or is not what was pinned
 */
export async function provideExecutable(env: Record<string, string | undefined>): Promise<string> {
  try {
    const assets = readManifest();
    if (assets.length > 0) await install(await download(releaseUrl(env), assets), assets, FOLDER);
    return launcherOf(assets);
  } catch (error) {
    throw new HookError(`egress cannot be had: ${reasonOf(error)}`, undefined, { cause: error });
  }
}

/** Where {@link provideExecutable} has put it. @throws {Error} if the manifest is damaged */
export function executablePath(): string {
  return launcherOf(readManifest());
}

function launcherOf(assets: Asset[]): string {
  return assets.length === 0 ? `${CHECKOUT}/egress` : `${FOLDER}/${UNPACKED}/egress`;
}

function readManifest(): Asset[] {
  return parseManifest(readFileSync(`${CHECKOUT}/setup/deps.sha256`, "utf8"));
}

function releaseUrl(env: Record<string, string | undefined>): string {
  const { GITHUB_SERVER_URL: server, GITHUB_ACTION_REPOSITORY: repository } = env;
  return `${server}/${repository}/releases/download/v${VERSION}`;
}

/**
 * Puts the release's files where only root can change them, and unpacks the archive.
 *
 * @param contents one for each of `assets`
 * @param folder root's
 * @returns path of the launcher
 * @throws {Error} if a file is not what was pinned, or cannot be written
 */
export async function install(
  contents: Uint8Array[],
  assets: Asset[],
  folder: string,
): Promise<string> {
  for (const [index, { name, sha256 }] of assets.entries()) {
    const ended = await asRoot(INSTALL, {
      args: [folder, name, sha256, name === ARCHIVE ? UNPACKED : ""],
      stdin: contents[index]!,
      timeout: PATIENCE,
    });
    if (ended.code !== 0) throw new Error(`${name} could not be installed: ${ended.stderr.trim()}`);
  }
  return `${folder}/${UNPACKED}/egress`;
}
