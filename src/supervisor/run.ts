/**
 * `egress run`: start-up and tear-down in order.
 *
 * The order is what keeps it shut: the gate is attached to a cgroup that is still empty, roles and rules come
 * next, and only then COMMAND enters the cgroup. At the end everything in the cgroup is killed before the
 * first rule is taken out.
 *
 * @module
 */

import { mergeBundles, withCaVariables } from "./ca_bundle.ts";
import { accountEnv, runCommand } from "./command.ts";
import { concealer } from "./conceal.ts";
import { EXIT_EGRESS_FAILED } from "./errors.ts";
import { type Machine, probeMachine, requireMachine } from "./machine.ts";
import { type Account, findAccount } from "./passwd.ts";
import { renderSummary } from "./render_summary.ts";
import { loopbackStubs, nameservers } from "./resolv_conf.ts";
import { RoleSet } from "./role_set.ts";
import { drawIdentity, type RunIdentity, type RunSpec } from "./run_spec.ts";
import { makeState, openJournal, reportStale, roleOptions, setRules } from "./scope_parts.ts";
import { type RunRecord, takeApart } from "./stale.ts";
import type { Journal } from "./journal.ts";
import { StepClock } from "./step_clock.ts";
import { readIfThere } from "./files.ts";

/**
 * Runs COMMAND under the policy.
 *
 * @param say prints one line for the user on stderr
 * @returns the exit status (docs/exit-codes in README)
 */
export async function run(spec: RunSpec, say: (line: string) => void): Promise<number> {
  const clock = new StepClock();
  // What the chain needs is loaded while a script looks at the machine.
  const [machine, chain] = await Promise.all([
    probeMachine(),
    spec.log === undefined ? undefined : import("../protocol/chain.ts"),
  ]);
  requireMachine(machine);
  const account = chooseAccount(spec);
  const journal = openJournal(spec, chain);
  if (spec.secrets.length > 0) journal.conceal = concealer(spec.secrets);
  try {
    return await runLogged(spec, { machine, account, journal, clock }, say);
  } catch (error) {
    journal.close(undefined, spec.logKey, error instanceof Error ? error.message : String(error));
    throw error;
  }
}

/** What a run has from its start on. */
interface Prepared {
  machine: Machine;
  account: Account | undefined;
  journal: Journal;
  clock: StepClock;
}

async function runLogged(
  spec: RunSpec,
  { machine, account, journal, clock }: Prepared,
  say: (line: string) => void,
): Promise<number> {
  clock.lap("look at the machine");
  await reportStale(machine, say);
  clock.lap("clear stale runs");

  const identity = drawIdentity(spec.id, machine.cgroup);
  const record: RunRecord = {
    id: identity.id,
    state: identity.state,
    cgroupDir: "",
    netns: machine.netns,
  };
  let roles: RoleSet | undefined;
  let status = EXIT_EGRESS_FAILED;
  try {
    await makeState(identity, machine, record);
    clock.lap("make state");
    const servers = nameservers(readIfThere("/etc/resolv.conf") ?? "");
    roles = new RoleSet(roleOptions(spec, {
      identity,
      journal,
      nameservers: servers,
      cgroups: {
        root: record.cgroupDir.slice(0, -identity.cgroup.length) || "/",
        scope: `${record.cgroupDir}/scope`,
        roles: `${record.cgroupDir}/roles`,
      },
      prelude: spec.defaults ? servers.map((ip) => `${ip}:53/udp\n`).join("") : "",
    }));
    const ports = await roles.start(clock);
    await setRules({
      ...identity,
      ...ports,
      scope: { cgroup: `${identity.cgroup.slice(1)}/scope` },
      stubs: loopbackStubs(servers),
    });
    clock.lap("set rules");
    const bundle = writeBundle(identity, machine, spec, roles.caCertificate);
    if (spec.timing) say(clock.render());
    status = await runCommand({
      argv: spec.command,
      scopeCgroupDir: `${record.cgroupDir}/scope`,
      mergedBundle: bundle,
      privateDir: identity.privateDir,
      ...(machine.caBundle !== undefined && { systemBundle: machine.caBundle }),
      ...(account !== undefined && { account }),
      env: {
        ...withCaVariables(spec.env, machine.caBundle ?? bundle),
        ...(account !== undefined && accountEnv(account)),
      },
    });
    await roles.finish();
    status = concludeStatus(status, spec, journal, roles.failure);
  } finally {
    roles?.close();
    const problems = await takeApart(record, true);
    for (const problem of problems) say(`egress: could not clean up: ${problem}`);
    if (problems.length > 0) status = EXIT_EGRESS_FAILED;
  }
  if (roles.failure !== undefined) say(`egress: ${roles.failure}`);
  if (!journal.close(roles.gate, spec.logKey, roles.failure)) {
    say(`egress: the log ${spec.log} could not be written: ${journal.lastError}`);
    status = EXIT_EGRESS_FAILED;
  }
  printSummary(spec, journal, status, say);
  return status;
}

function chooseAccount(spec: RunSpec): Account | undefined {
  const who = spec.user ?? spec.env["SUDO_USER"];
  if (who === undefined || who === "root" || who === "0") return undefined;
  return findAccount(Deno.readTextFileSync("/etc/passwd"), who);
}

function writeBundle(
  identity: RunIdentity,
  machine: Machine,
  spec: RunSpec,
  caCertificate: string,
): string {
  const path = `${identity.state}/ca-bundle.crt`;
  const others = [machine.caBundle, spec.env["SSL_CERT_FILE"], spec.env["NODE_EXTRA_CA_CERTS"]]
    .filter((p) => p !== undefined).map((p) => readIfThere(p) ?? "");
  Deno.writeTextFileSync(path, mergeBundles(caCertificate, others), { mode: 0o644 });
  return path;
}

function concludeStatus(
  status: number,
  spec: RunSpec,
  journal: Journal,
  failure: string | undefined,
): number {
  if (failure !== undefined) return EXIT_EGRESS_FAILED;
  if (spec.failOnBlock && status === 0 && journal.summary.blockedCount > 0) return 3;
  return status;
}

function printSummary(spec: RunSpec, journal: Journal, status: number, say: (l: string) => void) {
  const summary = journal.summary.build();
  if (spec.jsonStatus) {
    say(JSON.stringify({ exit: status, audit: spec.audit, ...summary }));
    return;
  }
  const colour = Deno.stderr.isTerminal() && spec.env["NO_COLOR"] === undefined;
  say(
    renderSummary(summary, {
      colour,
      audit: spec.audit,
      ...(spec.log !== undefined && { log: spec.log }),
    }).trimEnd(),
  );
}
