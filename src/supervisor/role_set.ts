/**
 * The roles of one run: started together, restarted when they end, stopped in order.
 *
 * @module
 */

import type {
  CaMaterial,
  EngineFifos,
  KernelBoot,
  KernelStatus,
  KernelToSupervisor,
  PolicyLoad,
  ProxyBoot,
  ProxyToSupervisor,
  RelayBoot,
} from "../protocol/mod.ts";
import { type Role, ROLES } from "../protocol/mod.ts";
import { CrashBudget } from "./crash_budget.ts";
import { EgressError } from "./errors.ts";
import type { Journal } from "./journal.ts";
import { ProxyLink } from "./proxy_link.ts";
import {
  type PipedRole,
  type RoleLauncher,
  type RoleProcess,
  startEngine,
  startPiped,
} from "./role_process.ts";
import type { RunIdentity, RunSpec } from "./run_spec.ts";
import { FIFOS } from "./scripts.ts";
import { mustSh } from "./shell.ts";
import type { StepClock } from "./step_clock.ts";

/** What a set of roles is made for. */
export interface RoleSetOptions {
  spec: RunSpec;
  identity: RunIdentity;
  /** The run's cgroup folder. */
  cgroupDir: string;
  cgroupRoot: string;
  nameservers: string[];
  journal: Journal;
}

/** Longest wait for a role to be ready, in ms. */
const READY_MS = 20_000;

interface ProxyPorts {
  frontPort: number;
  dnsPort: number;
}

/** Kernel, engine and proxy of one run. */
export class RoleSet {
  #o: RoleSetOptions;
  #launcher: RoleLauncher;
  #link: ProxyLink;
  #kernel?: PipedRole;
  #engine?: RoleProcess;
  #proxy?: RoleProcess;
  #relay?: RoleProcess;
  #ca?: CaMaterial;
  #ports: ProxyPorts = { frontPort: 0, dnsPort: 0 };
  #generation = 0;
  #stopping = false;
  #failure?: string;
  #gate?: KernelStatus["gate"];
  #budget = new CrashBudget();
  #onKernel: (message: KernelToSupervisor) => void = () => {};
  #onProxyReady: (message: Extract<ProxyToSupervisor, { op: "ready" }>) => void = () => {};
  #onFatal: (error: EgressError) => void = () => {};

  constructor(options: RoleSetOptions) {
    this.#o = options;
    const { identity, spec } = options;
    const context = {
      kernelSocket: `${identity.privateDir}/kernel.sock`,
      supervisorSocket: `${identity.privateDir}/supervisor.sock`,
      insecureSocket: `${identity.privateDir}/insecure.sock`,
    };
    this.#launcher = {
      deno: Deno.execPath(),
      entry: (role) => entryOf(role, spec.home),
      context,
      cgroupDir: `${options.cgroupDir}/roles`,
      env: roleEnv(spec.env),
    };
    this.#link = new ProxyLink(context.supervisorSocket, identity.secret, {
      onReady: (_index, message) => this.#onProxyReady(message),
      onFatal: (_index, error, hint) => this.#onFatal(new EgressError(error, hint)),
      onLog: (event) => options.journal.add(event),
    });
    options.journal.onWritable = (writable) => this.#logWritable(writable);
  }

  /** The run's CA certificate, PEM. Known after {@link start}. */
  get caCertificate(): string {
    return this.#ca!.certPem;
  }

  /** Why egress itself failed while COMMAND ran; absent when it did not. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** The last gate's counters at the end. Known after {@link finish}, if the kernel role could tell. */
  get gate(): KernelStatus["gate"] | undefined {
    return this.#gate;
  }

  /**
   * Starts every role, side by side, and waits until all are ready.
   *
   * @throws {EgressError} naming the role that cannot start, and why
   */
  async start(clock: StepClock): Promise<ProxyPorts> {
    const fifos = await this.#makeFifos();
    this.#startEngine(fifos);
    await this.#startRelay();
    const kernel = this.#startKernel(fifos).then(() => clock.lap("kernel ready"));
    const proxy = this.#startProxy().then(() => clock.lap("proxy ready"));
    await Promise.all([kernel, proxy]);
    return this.#ports;
  }

  /** Lets the proxies end and log what is under way; then stops the kernel role's log, too. */
  async finish(): Promise<void> {
    this.#stopping = true;
    await this.#link.ask({ op: "drain" });
    // Its answer comes behind every event that it wrote before.
    const status = await this.#kernel?.request({ op: "status" }).catch((error: Error) => {
      this.#failure ??= error.message;
    });
    this.#gate = (status as KernelStatus | undefined)?.gate;
  }

  /** Ends the supervisor's side. The processes are killed with their cgroup. */
  close(): void {
    this.#stopping = true;
    this.#link.close();
  }

  async #makeFifos(): Promise<EngineFifos> {
    const base = `${this.#o.identity.privateDir}/engine-${this.#generation++}`;
    const fifos = { requests: `${base}.requests`, responses: `${base}.responses` };
    await mustSh("making the engine's pipes", FIFOS, { args: [fifos.requests, fifos.responses] });
    return fifos;
  }

  #policy(): PolicyLoad {
    const { spec, nameservers } = this.#o;
    return {
      text: spec.policy,
      audit: spec.audit,
      ...(spec.repository !== undefined && { repository: spec.repository }),
      prelude: spec.defaults ? nameservers.map((ip) => `${ip}:53/udp\n`).join("") : "",
    };
  }

  #startEngine(fifos: EngineFifos) {
    const engine = startEngine(this.#launcher, fifos);
    this.#engine = engine;
    engine.ended.then(() =>
      this.#ended(engine, async () => {
        const next = await this.#makeFifos();
        this.#startEngine(next);
        await this.#kernel!.request({ op: "engine", fifos: next });
      })
    );
  }

  async #startKernel(engine: EngineFifos): Promise<void> {
    const { identity, spec, cgroupDir, cgroupRoot } = this.#o;
    const boot: KernelBoot = {
      role: "kernel",
      object: spec.home.object,
      scopeCgroupDir: `${cgroupDir}/scope`,
      rolesCgroupDir: `${cgroupDir}/roles`,
      cgroupRoot,
      pinDir: `${identity.privateDir}/bpf/pins`,
      socketPath: this.#launcher.context.kernelSocket,
      queue: identity.queue,
      marks: identity.marks,
      audit: spec.audit,
      secret: identity.secret,
      policy: this.#policy(),
      engine,
    };
    const ready = Promise.withResolvers<void>();
    this.#onKernel = (message) => {
      if (message.op === "ready") ready.resolve();
      else if (message.op === "fatal") ready.reject(new EgressError(message.error, message.hint));
      else if (message.op === "log") this.#o.journal.add(message.event);
    };
    const kernel = startPiped(
      this.#launcher,
      "kernel",
      boot,
      (body) => this.#onKernel(body as KernelToSupervisor),
    );
    this.#kernel = kernel;
    kernel.ended.then(() => {
      ready.reject(new EgressError(`the kernel role ended: ${kernel.lastWords() || "no message"}`));
      this.#ended(kernel, async () => {
        // The engine's pipes lost their other end with it: both start anew.
        this.#engine?.kill();
        const next = await this.#makeFifos();
        this.#startEngine(next);
        await this.#startKernel(next);
      });
    });
    await withTimeout(ready.promise, "the kernel role");
  }

  /** Only a policy that says `insecure` somewhere needs it. */
  async #startRelay(): Promise<void> {
    if (!/\binsecure\b/.test(this.#o.spec.policy)) return;
    const boot: RelayBoot = { role: "relay", socketPath: this.#launcher.context.insecureSocket };
    const ready = Promise.withResolvers<void>();
    const relay = startPiped(this.#launcher, "relay", boot, () => ready.resolve());
    this.#relay = relay;
    relay.ended.then(() => {
      ready.reject(new EgressError(`the relay role ended: ${relay.lastWords() || "no message"}`));
      this.#ended(relay, async () => {
        await mustSh("removing the relay's socket", 'rm -f "$1"', { args: [boot.socketPath] });
        await this.#startRelay();
      });
    });
    await withTimeout(ready.promise, "the relay role");
  }

  async #startProxy(): Promise<void> {
    const { identity, spec, nameservers } = this.#o;
    const boot: ProxyBoot = {
      role: "proxy",
      index: 0,
      kernelSocket: this.#launcher.context.kernelSocket,
      supervisorSocket: this.#launcher.context.supervisorSocket,
      secret: identity.secret,
      ...this.#ports,
      reusePort: false,
      nameservers,
      upstreamCas: spec.upstreamCas,
      ...(this.#ca !== undefined && { ca: this.#ca }),
      ...(this.#relay !== undefined && { insecureSocket: this.#launcher.context.insecureSocket }),
      logQueries: spec.logQueries,
      audit: spec.audit,
      silentMs: 300,
      ...(spec.tokens !== undefined && { tokens: spec.tokens }),
    };
    const ready = Promise.withResolvers<void>();
    this.#onFatal = (error) => ready.reject(error);
    this.#onProxyReady = (message) => {
      this.#ports = { frontPort: message.frontPort, dnsPort: message.dnsPort };
      this.#ca ??= message.ca;
      ready.resolve();
    };
    const proxy = startPiped(this.#launcher, "proxy", boot, () => {});
    this.#proxy = proxy;
    proxy.ended.then(() => {
      ready.reject(new EgressError(`the proxy role ended: ${proxy.lastWords() || "no message"}`));
      this.#ended(proxy, () => this.#startProxy());
    });
    await withTimeout(ready.promise, "the proxy role");
  }

  /** A role ended. Unless that was wanted, or happens too often, it is started again. */
  #ended(role: RoleProcess, restart: () => Promise<void>) {
    const current = [this.#engine, this.#kernel, this.#proxy, this.#relay].includes(role);
    if (this.#stopping || !current || this.#failure !== undefined) return;
    const words = role.lastWords();
    this.#o.journal.add({
      ts: new Date().toISOString(),
      type: "error",
      error: `${role.role}_ended`,
      message: `the ${role.role} role ended and is started again${words ? `: ${words}` : ""}`,
    });
    if (!this.#budget.spend(Date.now())) {
      return this.#fail(`the ${role.role} role ended too often; the scope stays closed. ${words}`);
    }
    restart().catch((error: Error) =>
      this.#fail(`the ${role.role} role could not be started again: ${error.message}`)
    );
  }

  #fail(why: string) {
    if (this.#stopping) return;
    this.#failure ??= why;
    this.#o.journal.add({
      ts: new Date().toISOString(),
      type: "error",
      error: "closed",
      message: why,
    });
    this.#link.broadcast({ op: "close", reason: "unavailable" });
    this.#kernel?.request({ op: "mode", mode: "closed", reason: why }).catch(() => {
      // Without the kernel role the pinned gate is closed already.
    });
  }

  #logWritable(writable: boolean) {
    if (this.#failure !== undefined) return;
    this.#link.broadcast(writable ? { op: "reopen" } : { op: "close", reason: "log_failed" });
    const mode = writable ? (this.#o.spec.audit ? "audit" : "enforce") : "closed";
    this.#kernel?.request({ op: "mode", mode, reason: "log_failed" }).catch((error: Error) => {
      this.#fail(`the kernel role does not answer: ${error.message}`);
    });
  }
}

/** Roles are started from their bundled files, `src/ROLE/main.ts` as `ROLE.js`, or from the source tree. */
function entryOf(role: Role, home: RunSpec["home"]): string {
  const { entry } = ROLES[role];
  return home.bundle === undefined
    ? `${home.root}/${entry}`
    : `${home.bundle}/${entry.split("/")[1]}.js`;
}

/** What the roles need of the environment: nothing that a user set for COMMAND, but where CAs are. */
function roleEnv(env: Record<string, string>): Record<string, string> {
  const out: Record<string, string> = {
    NO_COLOR: "1",
    DENO_NO_UPDATE_CHECK: "1",
  };
  for (const name of ["SSL_CERT_FILE", "DENO_DIR"]) {
    if (env[name] !== undefined) out[name] = env[name];
  }
  return out;
}

async function withTimeout(promise: Promise<void>, who: string): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new EgressError(`${who} was not ready within ${READY_MS / 1000} s`)),
      READY_MS,
    );
  });
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
