/**
 * Puts the wrapper into runc's place and takes it out again. At every moment there is a runc: the steps are
 * a second name for the file, and a rename.
 *
 * @module
 */

import { FILES, type Settings } from "../settings.ts";
import { realOfWrapper, wrapperScript } from "../wrapper_script.ts";
import { DOCKER, type DockerPaths, startAuthz, stopAuthz } from "./authz.ts";
import { divert, undivert } from "./divert.ts";
import { InstallError } from "./error.ts";
import { exists, hashOf, removeAll, requireRootsOwn, writeWhole } from "./files.ts";
import { firstWrapped, type InstallRecord, readHead, readRecord, RUNC_PATHS } from "./record.ts";

/** Where the wrapper keeps what it needs. */
export const FOLDER = "/run/egress/containers";
/** Added to runc's name. */
const SUFFIX = ".egress-real";

/** What to install. */
export interface InstallOptions {
  folder: string;
  /** runc, possibly a link. Absent: the first of {@link RUNC_PATHS}. */
  runc?: string;
  /** Folder of the bundled programs: runc.js (src/containers/main.ts), authz.js (src/containers/api/main.ts). */
  programs: string;
  deno: string;
  settings: Settings;
  /** The run's CA, PEM; needed if `settings.certs`. */
  ca?: string;
  docker: DockerPaths;
}

/**
 * Puts the wrapper in, or renews it where it is already.
 *
 * @throws {InstallError}
 */
export async function install(options: InstallOptions): Promise<InstallRecord> {
  const target = findRunc(options.runc);
  requireRootsOwn(options.deno);
  if (options.settings.certs && options.ca === undefined) {
    throw new InstallError("containers are to get a CA, but none was given: --ca FILE");
  }
  const present = realOfWrapper(readHead(target));
  const real = present ?? target + SUFFIX;
  writeFolder(options);
  if (present === undefined) {
    // A second name left behind by an installation that was cut off; runc itself is still in place.
    removeAll(real);
    Deno.linkSync(target, real);
  }
  const diverted = await divert(target, real);
  const record = { target, real, hash: await hashOf(real), diverted };
  writeWhole(`${options.folder}/${FILES.record}`, JSON.stringify(record));
  const script = wrapperScript({
    real,
    folder: options.folder,
    deno: options.deno,
    mode: options.settings.mode,
    boot: await bootId(),
  });
  writeWhole(target, script, Deno.statSync(real));
  const { socket, pidFile } = options.docker;
  if (options.settings.mode === "off") await stopAuthz(options.folder, pidFile);
  else if (exists(socket) || exists(pidFile)) await startAuthz(options);
  return record;
}

/** What `remove` did. */
export interface Removal {
  /** There was a wrapper, and runc is back. */
  removed: boolean;
  target?: string;
  /** What somebody should know: runc was upgraded meanwhile, and the like. */
  notes: string[];
}

/** Puts runc back. Nothing installed is no error. @throws {InstallError} */
export async function remove(
  folder: string,
  runc?: string,
  docker: DockerPaths = DOCKER,
): Promise<Removal> {
  const record = readRecord(folder);
  await stopAuthz(folder, docker.pidFile);
  const target = record?.target ?? (runc === undefined ? firstWrapped() : Deno.realPathSync(runc));
  const notes: string[] = [];
  if (target === undefined) return { removed: false, notes };
  const real = realOfWrapper(readHead(target));
  if (real === undefined) {
    const left = record?.real ?? target + SUFFIX;
    if (!exists(left)) return { removed: false, notes };
    const same = await hashOf(left) === await hashOf(target);
    if (!same) {
      notes.push(`${target} was replaced while egress ran: it stays, and ${left} is removed`);
    }
    removeAll(left);
    await undivert(target, left);
    removeAll(folder);
    return { removed: false, target, notes };
  }
  if (!exists(real)) throw new InstallError(`${real} is gone: install the package of runc again`);
  if (record && await hashOf(real) !== record.hash) {
    notes.push(`${real} was upgraded while egress ran`);
  }
  Deno.renameSync(real, target);
  await undivert(target, real);
  removeAll(folder);
  return { removed: true, target, notes };
}

function findRunc(given: string | undefined): string {
  for (const path of given === undefined ? RUNC_PATHS : [given]) {
    if (exists(path)) return Deno.realPathSync(path);
  }
  throw new InstallError(
    given === undefined
      ? "there is no runc on this machine, so there is nothing to guard"
      : `${given}: there is no such file`,
  );
}

async function bootId(): Promise<string> {
  // Deno itself opens nothing below /proc without every permission.
  const { stdout } = await new Deno.Command("cat", { args: ["/proc/sys/kernel/random/boot_id"] })
    .output();
  return new TextDecoder().decode(stdout).trim();
}

function writeFolder(options: InstallOptions): void {
  const { folder, settings, ca, programs } = options;
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  Deno.chmodSync(folder, 0o700);
  requireRootsOwn(folder);
  writeWhole(`${folder}/${FILES.program}`, Deno.readTextFileSync(`${programs}/${FILES.program}`));
  writeWhole(`${folder}/${FILES.settings}`, JSON.stringify(settings));
  if (ca !== undefined) writeWhole(`${folder}/${FILES.ca}`, ca);
}
