/**
 * The roles of one scope: started together, started again when they end, stopped in order.
 *
 * @module
 */

import type {
  ClosedReason,
  ControlAuthority,
  ControlBoot,
  ControlRequest,
  KernelStatus,
  Marks,
  PolicyLoad,
  ProcessInfo,
  TokenBoot,
} from "../protocol/mod.ts";
import type { Journal } from "./journal.ts";
import { KernelAndEngine } from "./kernel_and_engine.ts";
import { proxyCount, ProxyGroup, type ProxyPorts } from "./proxy_group.ts";
import { ProxyLink } from "./proxy_link.ts";
import { relaySlot } from "./relay_slot.ts";
import { makeLauncher, type RoleHome } from "./role_launcher.ts";
import type { RoleLauncher } from "./role_process.ts";
import type { RoleSlot } from "./role_slot.ts";
import type { StepClock } from "./step_clock.ts";

/** What a set of roles is made for. */
export interface RoleSetOptions {
  home: RoleHome;
  /** The caller's environment, of which the roles get little. */
  env: Record<string, string>;
  /** Folder for sockets and pipes; root's alone. */
  privateDir: string;
  /** bpffs folder for pins; exists. */
  pinDir: string;
  /** cgroup folders, as mounted. */
  cgroups: { root: string; scope: string; roles: string };
  secret: string;
  /** NFQUEUE number. */
  queue: number;
  marks: Marks;
  policy: PolicyLoad;
  /** Nameserver addresses for the proxies' own lookups. */
  nameservers: string[];
  /** PEM texts that upstream servers may be verified with, besides the system's. */
  upstreamCas: string[];
  logQueries: boolean;
  /** What the proxies need to know the job's own tokens; absent: nobody asks. */
  tokens?: TokenBoot;
  /** As `egress run --package-security` says; absent: packages are not asked about. */
  packageSecurity?: "lenient" | "strict";
  journal: Journal;
  /** The scope is the whole machine. */
  machine?: MachineOptions;
}

/** What a guard of a whole machine has besides. */
export interface MachineOptions {
  control: Omit<ControlBoot, "authority">;
  /** A caller who may asks for this; its answer goes to {@link RoleSet.answer}. */
  onRequest(id: number, request: ControlRequest, caller: ProcessInfo): void;
}

/** First-byte timer of the proxies, ms. */
const SILENT_MS = 300;

/** Kernel role, engine, proxies and relay of one scope. */
export class RoleSet {
  #o: RoleSetOptions;
  #launcher: RoleLauncher;
  #link: ProxyLink;
  #core: KernelAndEngine;
  #proxies: ProxyGroup;
  #relay?: RoleSlot;
  #stopping = false;
  /** Why everything is refused at the moment. */
  #closed?: ClosedReason;
  #failure?: string;
  #gate?: KernelStatus["gate"];
  #authority?: ControlAuthority;

  constructor(options: RoleSetOptions) {
    this.#o = options;
    const { home, privateDir, cgroups, env, secret, journal } = options;
    this.#launcher = makeLauncher(home, privateDir, cgroups.roles, env);
    const watcher = {
      started: () => this.#register(),
      crashed: (slot: RoleSlot, words: string) => this.#crashed(slot.name, words),
      gaveUp: (slot: RoleSlot, words: string) => this.#gaveUp(slot.name, words),
    };
    this.#core = new KernelAndEngine({
      launcher: this.#launcher,
      privateDir,
      boot: () => this.#kernelBoot(),
      onReady: (authority) => {
        this.#authority = authority;
        this.#tellMode();
      },
      onControl: (id, request, caller) => options.machine?.onRequest(id, request, caller),
      onLog: (event) => journal.add(event),
    }, watcher);
    this.#proxies = new ProxyGroup({
      launcher: this.#launcher,
      secret,
      count: proxyCount(navigator.hardwareConcurrency),
      settings: () => this.#proxySettings(),
    }, watcher);
    // Only a policy that says `insecure` somewhere needs it; a machine may get one later.
    if (options.machine || /\binsecure\b/.test(options.policy.text)) {
      this.#relay = relaySlot(this.#launcher, watcher);
    }
    this.#link = this.#listen();
    journal.onWritable = (writable) => this.#logWritable(writable);
  }

  /** The scope's CA certificate, PEM. Known after {@link start}. */
  get caCertificate(): string {
    return this.#proxies.caCertificate;
  }

  /** Why egress itself failed after the start; absent when it did not. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** The last gate's counters at the end. Known after {@link finish}, if the kernel role could tell. */
  get gate(): KernelStatus["gate"] | undefined {
    return this.#gate;
  }

  /**
   * Starts the roles, side by side, and waits until all work. Of the proxies it is the first; the others
   * come with the first traffic.
   *
   * @throws {EgressError} naming the role that cannot start, and why
   */
  async start(clock: StepClock): Promise<ProxyPorts> {
    const kernel = this.#core.start().then(() => clock.lap("kernel ready"));
    const proxy = this.#proxies.start().finally(() => clock.lap("proxy ready"));
    const [ports] = await Promise.all([proxy, kernel, this.#relay?.start()]);
    return ports;
  }

  /** Who may use the control socket; known after {@link start}, if there is one. */
  get authority(): ControlAuthority | undefined {
    return this.#authority;
  }

  /** Why everything is refused at the moment; absent when it is not. */
  get closed(): ClosedReason | undefined {
    return this.#closed;
  }

  /** The policy that holds. */
  get policy(): PolicyLoad {
    return this.#o.policy;
  }

  /** Pids of the processes that run. */
  get pids(): Record<string, number> {
    return { ...this.#core.pids, ...this.#proxies.pids, ...this.#relay?.pids };
  }

  /** The kernel role's counters. @throws {Error} if it cannot answer */
  async status(): Promise<KernelStatus> {
    return await this.#core.order({ op: "status" }) as KernelStatus;
  }

  /** Answers a caller on the control socket. */
  async answer(id: number, answer: unknown): Promise<void> {
    await this.#core.order({ op: "control-answer", id, answer });
  }

  /**
   * Swaps the policy. What was decided before is decided again: UDP flows, and what is open in the proxies.
   *
   * @throws {Error} if the engine does not take it; the one before holds then
   */
  async reload(policy: PolicyLoad): Promise<void> {
    await this.#core.order({ op: "load", policy });
    this.#o = { ...this.#o, policy };
    this.#tellMode();
    this.#link.broadcast({ op: "revoke", audit: policy.audit });
  }

  /** To be called once the rules are there: what began before them is looked at anew. @throws {Error} */
  async forgetOlderFlows(): Promise<void> {
    await this.#core.order({ op: "forget-udp" });
  }

  /** Lets the proxies end and log what is under way; then the kernel role's log comes to its end, too. */
  async finish(): Promise<void> {
    this.#stop();
    await this.#link.ask({ op: "drain" });
    // Its answer comes behind every event that it wrote before.
    const status = await this.#core.order({ op: "status" }).catch((error: Error) => {
      this.#failure ??= error.message;
    });
    this.#gate = (status as KernelStatus | undefined)?.gate;
  }

  /** Takes the gate away: what no rule redirects passes from here on. @throws {Error} if it stays */
  async release(): Promise<void> {
    await this.#core.order({ op: "stop" });
  }

  /** Ends the supervisor's side. The processes are killed with their cgroup. */
  close(): void {
    this.#stop();
    this.#link.close();
  }

  #stop() {
    this.#stopping = true;
    this.#core.stop();
    this.#proxies.stop();
    this.#relay?.stop();
  }

  #listen(): ProxyLink {
    const { secret, journal } = this.#o;
    const { supervisorSocket } = this.#launcher.context;
    return new ProxyLink(supervisorSocket, secret, {
      onHello: (send) => {
        if (this.#closed !== undefined) send({ op: "close", reason: this.#closed });
        for (const leaf of this.#proxies.leaves.values()) send({ op: "leaf", leaf });
      },
      onReady: (index, message) => this.#proxies.ready(index, message),
      onFatal: (index, error, hint) => this.#proxies.fatal(index, error, hint),
      onLeaf: (index, leaf) => {
        const settled = this.#proxies.leaves.settle(leaf, Date.now());
        if (settled === leaf) this.#link.broadcast({ op: "leaf", leaf }, index);
        else this.#link.send(index, { op: "leaf", leaf: settled });
      },
      onTraffic: () => this.#proxies.grow((error) => this.#notGrown(error)),
      together: (work) => journal.together(work),
      onLog: (event) => journal.add(event),
      onTrouble: (message) => this.#logError("supervisor", message),
    });
  }

  #kernelBoot() {
    const { home, cgroups, pinDir, secret, queue, marks, policy, machine } = this.#o;
    return {
      role: "kernel",
      object: home.object,
      scopeCgroupDir: cgroups.scope,
      rolesCgroupDir: cgroups.roles,
      cgroupRoot: cgroups.root,
      pinDir,
      socketPath: this.#launcher.context.kernelSocket,
      queue,
      marks,
      audit: policy.audit,
      uplinks: true,
      ...(this.#closed !== undefined && { closed: this.#closed }),
      secret,
      policy,
      ...(machine && {
        machine: true,
        control: { ...machine.control, ...(this.#authority && { authority: this.#authority }) },
      }),
    } as const;
  }

  #proxySettings() {
    const { nameservers, upstreamCas, logQueries, policy, tokens, packageSecurity } = this.#o;
    return {
      nameservers,
      upstreamCas,
      ...(this.#relay && { insecureSocket: this.#launcher.context.insecureSocket }),
      logQueries,
      audit: policy.audit,
      silentMs: SILENT_MS,
      ...(tokens && { tokens }),
      ...(packageSecurity && { packageSecurity }),
    };
  }

  /** On a whole machine the gate lets pass what these processes send. */
  #register() {
    if (!this.#o.machine) return;
    this.#core.order({ op: "roles", pids: Object.values(this.pids) }).catch((error: Error) => {
      // Of a kernel role that has ended: the next one is told when it works.
      if (this.#core.up) this.#logError("roles_not_registered", error.message);
    });
  }

  #crashed(role: string, words: string) {
    this.#logError(
      `${role.split(" ")[0]}_ended`,
      `the ${role} role ended and is started again${words ? `: ${words}` : ""}`,
    );
  }

  #gaveUp(role: string, words: string) {
    this.#fail(`the ${role} role ended too often; the scope stays closed${words && `: ${words}`}`);
  }

  /** The first proxy serves: it is slower alone, and nothing else. */
  #notGrown(error: Error) {
    if (this.#stopping) return;
    this.#logError("proxy_missing", `another proxy could not be started: ${error.message}`);
  }

  #fail(why: string) {
    if (this.#stopping || this.#failure !== undefined) return;
    this.#failure = why;
    this.#logError("closed", why);
    this.#setClosed("unavailable");
  }

  #logError(error: string, message: string) {
    this.#o.journal.add({ ts: new Date().toISOString(), type: "error", error, message });
  }

  #logWritable(writable: boolean) {
    if (this.#failure === undefined) this.#setClosed(writable ? undefined : "log_failed");
  }

  #setClosed(reason: ClosedReason | undefined) {
    this.#closed = reason;
    this.#link.broadcast(reason === undefined ? { op: "reopen" } : { op: "close", reason });
    this.#tellMode();
  }

  /** Also a kernel role that was started anew is told: the mode may have changed since its boot frame. */
  #tellMode() {
    const reason = this.#closed;
    const mode = reason !== undefined ? "closed" : this.#o.policy.audit ? "audit" : "enforce";
    this.#core.order({ op: "mode", mode, ...(reason && { reason }) }).catch(() => {
      // Without the kernel role nothing is answered, and the next one is told when it is ready.
    });
  }
}
