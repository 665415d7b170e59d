/**
 * `egress start`: guards the whole machine, in this network namespace, until it is told to stop.
 *
 * The order keeps it shut: the gate is attached first, with mode closed; then come roles and rules; what the
 * machine needs to work through them (CA, environment) is last. At the end the same is taken back in reverse.
 *
 * @module
 */

import { concealer } from "../conceal.ts";
import { EgressError, EXIT_EGRESS_FAILED } from "../errors.ts";
import type { Journal } from "../journal.ts";
import { type Machine, probeMachine, requireMachine } from "../machine.ts";
import { loopbackStubs, nameservers } from "../resolv_conf.ts";
import { RoleSet } from "../role_set.ts";
import { drawIdentity, type RunIdentity } from "../run_spec.ts";
import { makeState, openJournal, reportStale, roleOptions, setRules } from "../scope_parts.ts";
import { mustSh } from "../shell.ts";
import { type RunRecord, takeApart } from "../stale.ts";
import { StepClock } from "../step_clock.ts";
import { caEnvironment } from "./ca_environment.ts";
import { Changes, takeBack } from "./changes.ts";
import { ContainerWatch, guardContainers } from "./containers.ts";
import type { GuardSpec } from "./guard_spec.ts";
import { clearGuards, releaseGate } from "./one_guard.ts";
import { Orders } from "./orders.ts";
import { CONTROL_SOCKET, MARK, STOPPED, type Stopped } from "./places.ts";
import { SudoWatch } from "./sudo_watch.ts";
import { readIfThere } from "../files.ts";

/** Devices behind which only containers of this machine are: Docker, its own networks, podman, CNI. */
const BRIDGES = ["docker+", "br-+", "podman+", "cni+"];

/**
 * Guards the machine.
 *
 * @param say prints one line for the user
 * @returns the exit status, after the end
 * @throws {EgressError} if it cannot start; then nothing is left
 */
export async function guard(spec: GuardSpec, say: (line: string) => void): Promise<number> {
  const [machine, chain] = await Promise.all([
    probeMachine(),
    spec.log === undefined ? undefined : import("../../protocol/chain.ts"),
  ]);
  requireMachine(machine);
  const { cleared, problems } = await clearGuards(machine.netns, spec.home, spec.env);
  for (const id of cleared) say(`egress: put in order what ${id} left when it was killed`);
  for (const problem of problems) say(`egress: could not put in order: ${problem}`);
  await reportStale(machine, say);
  const journal = openJournal(spec, chain);
  if (spec.secrets.length > 0) journal.conceal = concealer(spec.secrets);
  try {
    return await new Guard(spec, machine, journal, say).live();
  } catch (error) {
    journal.close(undefined, spec.logKey, error instanceof Error ? error.message : String(error));
    throw error;
  }
}

/**
 * Rules for the machine's name servers. systemd-resolved asks others than those that its clients ask, and it
 * alone may.
 */
function resolverRules(servers: string[]): string {
  const behind = servers.includes("127.0.0.53")
    ? nameservers(readIfThere("/run/systemd/resolve/resolv.conf") ?? "")
    : [];
  return [
    ...servers.map((ip) => `${ip}:53/udp\n`),
    ...behind.map((ip) => `${ip}:53/udp cgroup=/system.slice/systemd-resolved.service\n`),
  ].join("");
}

/** One guard, from its start to its end. */
class Guard {
  readonly #spec: GuardSpec;
  readonly #machine: Machine;
  readonly #journal: Journal;
  readonly #say: (line: string) => void;
  readonly #identity: RunIdentity;
  readonly #record: RunRecord;
  readonly #changes: Changes;
  #roles?: RoleSet;
  #sudo?: SudoWatch;
  #containers?: ContainerWatch;

  constructor(spec: GuardSpec, machine: Machine, journal: Journal, say: (line: string) => void) {
    if (machine.cgroupRoot === undefined) {
      throw new EgressError("no cgroup2 is mounted here", "mount -t cgroup2 none /sys/fs/cgroup");
    }
    this.#spec = spec;
    this.#machine = machine;
    this.#journal = journal;
    this.#say = say;
    const identity = this.#identity = drawIdentity(spec.id, machine.cgroup);
    const root = machine.cgroupRoot;
    const { id, state, privateDir } = identity;
    this.#record = {
      id,
      state,
      cgroupDir: "",
      netns: machine.netns,
      release: {
        scopeCgroupDir: root,
        rolesCgroupDir: `${root}${identity.cgroup}/roles`,
        cgroupRoot: root,
        pinDir: `${privateDir}/bpf/pins`,
        machine: true,
      },
    };
    this.#changes = new Changes({
      id,
      undoDir: `${state}/undo`,
      ...(machine.caBundle !== undefined && { caBundle: machine.caBundle }),
      caFile: `${state}/ca.crt`,
      sudoLog: `${state}/undo/sudo.log`,
    });
  }

  /** @returns the exit status */
  async live(): Promise<number> {
    let stopped: Stopped | undefined;
    try {
      const orders = await this.#start();
      await orders.shutdown;
      await this.#roles!.finish();
    } finally {
      stopped = await this.#end();
    }
    return this.#conclude(stopped);
  }

  async #start(): Promise<Orders> {
    const { state } = this.#identity;
    await makeState(this.#identity, this.#machine, this.#record);
    Deno.writeTextFileSync(`${state}/${MARK}`, "");
    Deno.mkdirSync(`${state}/undo`, { mode: 0o700 });
    await this.#changes.begin();
    await this.#changes.hardenKernel();
    const servers = nameservers(readIfThere("/etc/resolv.conf") ?? "");
    const orders = this.#makeRoles(servers);
    const ports = await this.#roles!.start(new StepClock());
    const { id, cgroup, queue, marks } = this.#identity;
    await setRules({
      ...{ id, queue, marks, ...ports },
      scope: { allBut: `${cgroup.slice(1)}/roles`, bridges: BRIDGES },
      stubs: loopbackStubs(servers),
    });
    await this.#roles!.forgetOlderFlows();
    await this.#changes.redirectContainers();
    await this.#changes.trustCa(this.#roles!.caCertificate);
    await this.#settleSudo();
    await this.#settleContainers();
    await this.#tellLaterSteps();
    Deno.writeTextFileSync(`${state}/ready`, await orders.readyText(), { mode: 0o644 });
    return orders;
  }

  #makeRoles(servers: string[]): Orders {
    const spec = this.#spec;
    const root = this.#machine.cgroupRoot!;
    const orders = new Orders(spec, this.#journal, this.#changes);
    const { runnerPolicy } = spec;
    const own = spec.defaults ? resolverRules(servers) : "";
    this.#roles = new RoleSet({
      ...roleOptions(spec, {
        identity: this.#identity,
        journal: this.#journal,
        nameservers: servers,
        cgroups: { root, scope: root, roles: `${this.#record.cgroupDir}/roles` },
        prelude: spec.defaults && runnerPolicy ? own + runnerPolicy.prelude : own,
        ...(runnerPolicy && { defaultAttrs: runnerPolicy.defaultAttrs }),
      }),
      machine: {
        control: { socketPath: CONTROL_SOCKET, starter: Deno.pid, runner: spec.runner },
        onRequest: (id, request, caller) => orders.take(id, request, caller),
      },
    });
    orders.roles = this.#roles;
    return orders;
  }

  async #settleSudo(): Promise<void> {
    await this.#changes.watchSudo();
    if (!this.#spec.allowSudo) await this.#changes.disableSudo();
    this.#sudo = new SudoWatch(
      `${this.#identity.state}/undo/sudo.log`,
      (event) => this.#journal.add(event),
    );
  }

  /** With neither guard nor CA there is nothing to put in front of runc. */
  async #settleContainers(): Promise<void> {
    const { containers, home } = this.#spec;
    if (containers.mode === "off" && !containers.certs) return;
    const { state } = this.#identity;
    await guardContainers(containers, home.root, `${state}/undo`, `${state}/ca.crt`);
    this.#containers = new ContainerWatch((event) => this.#journal.add(event));
  }

  async #tellLaterSteps(): Promise<void> {
    const { githubEnv } = this.#spec;
    if (githubEnv === undefined || this.#machine.caBundle === undefined) return;
    await mustSh("writing the environment of later steps", 'cat >> "$1"', {
      args: [githubEnv],
      stdin: caEnvironment(this.#machine.caBundle),
    });
  }

  /** Puts everything back. */
  async #end(): Promise<Stopped> {
    this.#sudo?.close();
    this.#containers?.close();
    const problems = await takeBack(`${this.#identity.state}/undo`);
    problems.push(...await this.#openGate());
    this.#roles?.close();
    problems.push(...await takeApart(this.#record, true));
    const differences = await this.#changes.differences();
    return { id: this.#identity.id, differences, problems };
  }

  async #openGate(): Promise<string[]> {
    try {
      await this.#roles?.release();
      return [];
    } catch {
      // The kernel role is gone: another one takes away what it left.
      return await releaseGate(this.#record, this.#spec.home, this.#spec.env);
    }
  }

  #conclude(stopped: Stopped): number {
    const say = this.#say;
    for (const problem of stopped.problems) say(`egress: could not put back: ${problem}`);
    for (const line of stopped.differences) say(`egress: not as before: ${line}`);
    const failure = this.#roles!.failure;
    if (failure !== undefined) say(`egress: ${failure}`);
    const written = this.#journal.close(this.#roles!.gate, this.#spec.logKey, failure);
    if (!written) say(`egress: the log could not be written: ${this.#journal.lastError}`);
    Deno.writeTextFileSync(STOPPED, JSON.stringify(stopped), { mode: 0o644 });
    const fine = written && failure === undefined && stopped.problems.length === 0 &&
      stopped.differences.length === 0;
    return fine ? 0 : EXIT_EGRESS_FAILED;
  }
}
