/**
 * Steps that the start of a run and of a whole machine's guard share.
 *
 * @module
 */

import type { PolicyLoad } from "../protocol/mod.ts";
import { VERSION } from "../protocol/version.ts";
import { EgressError } from "./errors.ts";
import { Journal, type RunFacts } from "./journal.ts";
import { openLogFile } from "./log_file.ts";
import type { Machine } from "./machine.ts";
import { chainNames, type NetfilterSpec, rulesOn } from "./netfilter.ts";
import type { RoleSetOptions } from "./role_set.ts";
import type { RunIdentity, RunSpec } from "./run_spec.ts";
import { JOIN_DOCKER_USER, SETUP } from "./scripts.ts";
import { mustSh } from "./shell.ts";
import { clearStale, type RunRecord } from "./stale.ts";

/** What roles need besides what the command line said. */
export interface RoleParts extends Pick<RoleSetOptions, "journal" | "nameservers" | "cgroups"> {
  identity: RunIdentity;
  /** Rules in front of the policy. */
  prelude: string;
  /** Attributes of every rule that has none of its own. */
  defaultAttrs?: PolicyLoad["defaultAttrs"];
}

/** Puts together what a set of roles is made for. */
export function roleOptions(spec: RunSpec, parts: RoleParts): RoleSetOptions {
  const { identity, journal, nameservers, cgroups, prelude, defaultAttrs } = parts;
  const { privateDir, secret, queue, marks } = identity;
  const { home, env, upstreamCas, logQueries, tokens, packageSecurity } = spec;
  return {
    ...{ home, env, privateDir, secret, queue, marks, nameservers, cgroups },
    ...{ upstreamCas, logQueries, journal },
    ...(tokens && { tokens }),
    ...(packageSecurity && { packageSecurity }),
    pinDir: `${privateDir}/bpf/pins`,
    policy: {
      text: spec.policy,
      audit: spec.audit,
      ...(spec.repository !== undefined && { repository: spec.repository }),
      prelude,
      ...(defaultAttrs && { defaultAttrs }),
    },
  };
}

type ChainModule = typeof import("../protocol/chain.ts");

/**
 * Opens the log, and writes its first line.
 *
 * @param chain absent: there is no log
 * @throws {EgressError}
 */
export function openJournal(spec: RunSpec, chain: ChainModule | undefined): Journal {
  if (spec.log === undefined || chain === undefined) return new Journal();
  const facts: RunFacts = {
    run: spec.id,
    version: VERSION,
    mode: spec.audit ? "audit" : "enforce",
    policy_sha256: chain.lineHash(spec.policy),
  };
  try {
    return new Journal({ facts, file: openLogFile(spec.log, chain) });
  } catch (error) {
    throw new EgressError(
      `cannot write the log ${spec.log}: ${error instanceof Error ? error.message : error}`,
      "name a file in a folder that root can write, with space left",
      { cause: error },
    );
  }
}

/** Clears away what killed runs left, and says so. */
export async function reportStale(machine: Machine, say: (line: string) => void) {
  const { cleared, problems } = await clearStale(machine.netns);
  for (const id of cleared) say(`egress: cleared away what run ${id} left when it was killed`);
  for (const problem of problems) say(`egress: could not clear away a killed run: ${problem}`);
}

/**
 * Makes the state folder, cgroups and mounts. The lock comes first: from then on a later egress can tell that
 * this run lives.
 *
 * @param record gets the cgroup's folder
 * @throws {EgressError}
 */
export async function makeState(identity: RunIdentity, machine: Machine, record: RunRecord) {
  try {
    // The folder above is the launcher's to make: this process may only write its own.
    Deno.mkdirSync(identity.state, { mode: 0o711 });
    Deno.mkdirSync(identity.privateDir, { mode: 0o700 });
    const lock = Deno.openSync(`${identity.state}/lock`, {
      create: true,
      write: true,
      mode: 0o600,
    });
    lock.lockSync(true);
  } catch (error) {
    throw new EgressError(
      `cannot make the state folder ${identity.state}: ${
        error instanceof Error ? error.message : error
      }`,
      "/run must be writable",
      { cause: error },
    );
  }
  const rootGuess = machine.cgroupRoot ?? `${identity.privateDir}/cgroup`;
  record.cgroupDir = rootGuess + identity.cgroup;
  Deno.writeTextFileSync(`${identity.privateDir}/run.json`, JSON.stringify(record), {
    mode: 0o600,
  });
  await mustSh("making the run's cgroups and mounts", SETUP, {
    args: [identity.state, identity.cgroup, machine.cgroupRoot ?? ""],
  });
}

/** Puts the iptables rules in. @throws {EgressError} */
export async function setRules(spec: NetfilterSpec): Promise<void> {
  await mustSh("setting the iptables rules", "exec iptables-restore -w 5 --noflush", {
    stdin: rulesOn(spec),
  });
  if ("cgroup" in spec.scope) return;
  const args = [chainNames(spec.id).containers];
  await mustSh("setting Docker's iptables rule", JOIN_DOCKER_USER, { args });
}
