/**
 * What the world's process and the one that started it say to each other: JSON lines on its stdin and stdout.
 *
 * @module
 */

import type { Host } from "../hosts.ts";
import type { KeyPair } from "../certificates.ts";
import type { Received } from "../received.ts";

/** A package that the registry offers. */
export interface Package {
  name: string;
  version: string;
  /** Text files by their path in the package; `package.json` is made if it is not among them. */
  files: Record<string, string>;
}

/** First line on stdin. */
export interface Boot {
  /** By `host:port`. */
  certificates: Record<string, KeyPair>;
  packages: Package[];
  /** Every host there is. */
  hosts: readonly Host[];
  /** Folder of bare git repositories; absent: the git host answers 404. */
  repositories?: string;
}

/** Every further line on stdin. */
export interface Sync {
  sync: number;
}

/** A line on stdout. */
export type WorldMessage =
  | { ready: true }
  | { received: Received }
  /** All that the world had received before it read this number has been reported. */
  | { synced: number };

/** Reports something received. */
export type Report = (received: Received) => void;
