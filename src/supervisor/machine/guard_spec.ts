/**
 * One guard of a whole machine, as the command line asked for it: validated, complete.
 *
 * @module
 */

import type { PolicyLoad } from "../../protocol/mod.ts";
import type { RunSpec } from "../run_spec.ts";

/** What becomes of containers. */
export interface ContainerSpec {
  mode: "guard" | "off" | "deny";
  /** Lines of `allow: ...`. */
  allow: string[];
  /** They get the CA. */
  certs: boolean;
  /** Folders that no container may get, and such below them that may be had read-only. */
  places: string[];
  readable: string[];
}

/** Everything that `egress start` was told. */
export interface GuardSpec extends RunSpec {
  /** Leave sudo to the runner user; its use is logged. */
  allowSudo: boolean;
  /** File that gets environment lines for later steps of a GitHub job. */
  githubEnv?: string;
  containers: ContainerSpec;
  /** Print what is ready as one JSON line. */
  json: boolean;
  /** Where a GitHub runner's worker is. */
  runner: { exe: string; cgroup: string };
  /** Rules and attributes for a GitHub-hosted runner; absent elsewhere. */
  runnerPolicy?: { prelude: string; defaultAttrs: NonNullable<PolicyLoad["defaultAttrs"]> };
  /** What is wrong with a policy; empty if nothing is. */
  check(policy: string): string[];
}
