/**
 * What the checks know of the machine: read before they run, so that they themselves read nothing.
 *
 * @module
 */

import type { Mount } from "./mountinfo.ts";

/** What a bind mount's source is. */
export interface SourceFacts {
  /** The path without symbolic links. Absent: it cannot be told, which `problem` explains. */
  real?: string;
  kind?: "file" | "folder" | "socket" | "device" | "other";
  /** Owner of it. */
  uid?: number;
  /** Every folder of the path belongs to root and nobody else can write it, so it cannot be exchanged. */
  fixed: boolean;
  problem?: string;
}

/** What Docker's own files say of a container (`containers/<id>/config.v2.json`, `hostconfig.json`). */
export interface DockerFacts {
  /** The image as the user named it. */
  image?: string;
  /** The image's id, `sha256:...`. */
  imageId?: string;
  /** Capabilities that the user asked for by name. */
  capAdd: string[];
}

/** The machine. */
export interface HostFacts {
  /** Mounts of the namespace in which runc runs. */
  mounts: readonly Mount[];
  /** `net:[4026531840]`: the network namespace in which runc runs. */
  netns: string;
  /** The kernel confines by AppArmor. */
  apparmor: boolean;
  /** cgroup v2 alone is in use. */
  cgroup2: boolean;
  /** By the source as config.json names it. */
  sources: Readonly<Record<string, SourceFacts>>;
  /** Protected places without symbolic links; those that do not exist are left out. */
  protectedPlaces: readonly string[];
  /** Within them, but may be had read-only. */
  readable: readonly string[];
}

/** Who called runc, as far as the command line tells. */
export type Origin = "engine" | "buildkit";
