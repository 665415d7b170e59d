/**
 * How the installation stands.
 *
 * @module
 */

import { FILES, type Settings } from "../settings.ts";
import { realOfWrapper } from "../wrapper_script.ts";
import { authzState } from "./authz.ts";
import { isDiverted } from "./divert.ts";
import { exists, hashOf, readIfThere } from "./files.ts";
import { firstWrapped, readHead, readRecord } from "./record.ts";

/** How it stands. */
export interface Status {
  /** `none`; `installed`; `replaced`: something else is in the wrapper's place, so nothing is guarded. */
  state: "none" | "installed" | "replaced";
  target?: string;
  real?: string;
  mode?: Settings["mode"];
  certs?: boolean;
  /** runc is another than when it was wrapped; the wrapper uses the new one. */
  upgraded?: boolean;
  /** An upgrade by dpkg leaves the wrapper in place. */
  diverted?: boolean;
  /** The plugin that looks at `docker cp`; `down` while it should run: Docker then refuses everything. */
  copyGuard?: "up" | "down" | "none";
  /** Containers and commands refused, and warnings. */
  refused?: number;
  warnings?: number;
}

/** Looks whether everything is where it was put. */
export async function status(folder: string): Promise<Status> {
  const record = readRecord(folder);
  if (!record) {
    const target = firstWrapped();
    return target === undefined ? { state: "none" } : { state: "installed", target };
  }
  const { target, real } = record;
  const settings = JSON.parse(readIfThere(`${folder}/${FILES.settings}`) ?? "{}") as Partial<
    Settings
  >;
  const events = (readIfThere(`${folder}/${FILES.events}`) ?? "").split("\n");
  const inPlace = exists(target) && realOfWrapper(readHead(target)) === real && exists(real);
  return {
    state: inPlace ? "installed" : "replaced",
    target,
    real,
    ...(settings.mode && { mode: settings.mode }),
    ...(settings.certs !== undefined && { certs: settings.certs }),
    upgraded: !exists(real) || await hashOf(real) !== record.hash,
    diverted: await isDiverted(target, real),
    copyGuard: await authzState(folder),
    refused: events.filter((line) => line.includes(`"policy":"deny"`)).length,
    warnings: events.filter((line) => line.includes(`"policy":"allow"`)).length,
  };
}
