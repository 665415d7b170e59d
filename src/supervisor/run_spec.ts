/**
 * One run, as the command line asked for it: validated, complete.
 *
 * @module
 */

import type { KeyObject } from "node:crypto";
import type { Marks, TokenBoot } from "../protocol/mod.ts";
import type { RoleHome } from "./role_launcher.ts";

/** The job's own tokens as digests, and what to do about others. */
export type RunTokens = TokenBoot;

/** Everything that `egress run` was told. */
export interface RunSpec {
  /** Policy text; valid unless `audit`. */
  policy: string;
  audit: boolean;
  /** Path of the connection log. */
  log?: string;
  /** Ed25519 private key that signs the log's stop line. */
  logKey?: KeyObject;
  /** `owner/name` for placeholders. */
  repository?: string;
  /** PEM texts that upstream servers may be verified with, besides the system's. */
  upstreamCas: string[];
  /** Put `ADDRESS:53/udp` of each nameserver in front of the policy. */
  defaults: boolean;
  failOnBlock: boolean;
  /** Account of COMMAND. */
  user?: string;
  /** Print the closing summary as one JSON line. */
  jsonStatus: boolean;
  logQueries: boolean;
  /** Ask whether packages are known to be bad; `strict`: refuse what could not be checked. */
  packageSecurity?: "lenient" | "strict";
  /** The job's own tokens, for this process alone: they are kept out of the log. */
  secrets: string[];
  /** What the proxies need to know the job's own tokens; absent: nobody asks. */
  tokens?: RunTokens;
  /** Print how long each step of the start took. */
  timing: boolean;
  command: string[];
  /** The caller's environment. */
  env: Record<string, string>;
  home: RoleHome;
  /** 8 hexadecimal digits, drawn by the launcher, which grants the folder of that name. */
  id: string;
}

/** Names and numbers of one run, drawn at its start. */
export interface RunIdentity {
  /** 8 hexadecimal digits. */
  id: string;
  /** `/run/egress/<id>` */
  state: string;
  /** `/run/egress/<id>/private` */
  privateDir: string;
  /** cgroup path of the run, from the root of cgroup2. */
  cgroup: string;
  secret: string;
  queue: number;
  marks: Marks;
}

/**
 * Draws a run's identity. The marks are random: nothing may rest on a process not knowing them, but nobody
 * else's marks should meet them by accident.
 *
 * @param id 8 hexadecimal digits
 * @param ownCgroup cgroup path of this process; the run lives below, so that whoever confines egress still does
 */
export function drawIdentity(id: string, ownCgroup: string): RunIdentity {
  const random = crypto.getRandomValues(new Uint32Array(8));
  const state = `/run/egress/${id}`;
  const mark = (n: number, low: number) => ((random[n]! & 0xfffffff8) | low) >>> 0;
  return {
    id,
    state,
    privateDir: `${state}/private`,
    cgroup: `${ownCgroup === "/" ? "" : ownCgroup}/egress-${id}`,
    secret: [...random.subarray(4)].map((n) => n.toString(16).padStart(8, "0")).join(""),
    queue: 1024 + (random[1]! % 64000),
    // The low bits keep them apart.
    marks: {
      ...{ allow: mark(2, 1), deny: mark(2, 2), dns: mark(2, 3) },
      ...{ container: mark(2, 4), inside: mark(2, 5) },
    },
  };
}
