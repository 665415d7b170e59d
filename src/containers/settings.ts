/**
 * What the wrapper is told when it is installed.
 *
 * @module
 */

import type { Exception } from "./exceptions.ts";

/** What becomes of containers that could become root of the machine. */
export type Mode =
  | "guard" // refused, others start
  | "off" // nothing is refused
  | "deny"; // no container starts at all

/** Kept in `settings.json` of the wrapper's folder, which only root can write. */
export interface Settings {
  mode: Mode;
  exceptions: Exception[];
  /** Give containers the CA. */
  certs: boolean;
  /** Further places that no container may have, besides {@link PROTECTED}. */
  places: string[];
  /** Below `places`, but may be had read-only. */
  readable: string[];
}

/** Files of the wrapper's folder. */
export const FILES = {
  settings: "settings.json",
  /** The run's CA, PEM. */
  ca: "ca.crt",
  /** What was refused or warned of, one JSON object a line. */
  events: "events.jsonl",
  program: "runc.js",
  /** The authorization plugin, and where it listens. */
  authzProgram: "authz.js",
  authzSocket: "authz.sock",
  /** Docker's daemon.json with the plugin in it, and as it was. */
  daemon: "daemon.json",
  daemonBefore: "daemon.json.before",
  /** What was installed, for `remove` and `status`. */
  record: "installed.json",
} as const;
