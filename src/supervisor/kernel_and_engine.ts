/**
 * The kernel role and its engine. Each can be lost alone; a new kernel role always gets a new engine, since
 * the pipes between them lost their other end.
 *
 * @module
 */

import type {
  ControlAuthority,
  ControlRequest,
  EngineFifos,
  KernelBoot,
  KernelToSupervisor,
  LogEvent,
  ProcessInfo,
  SupervisorToKernel,
} from "../protocol/mod.ts";
import { EgressError } from "./errors.ts";
import { type PipedRole, type RoleLauncher, startEngine, startPiped } from "./role_process.ts";
import { type Launched, RoleSlot, type SlotWatcher } from "./role_slot.ts";
import { FIFOS } from "./scripts.ts";
import { mustSh } from "./shell.ts";

/** What both are started with. */
export interface CoreOptions {
  launcher: RoleLauncher;
  /** Folder for the engine's pipes; root's alone. */
  privateDir: string;
  /** The kernel role's boot frame as of now; the pipes are filled in. */
  boot(): Omit<KernelBoot, "engine">;
  /** The kernel role works, for the first time or again. */
  onReady(authority?: ControlAuthority): void;
  onLog(event: LogEvent): void;
  /** A caller on the control socket asks. */
  onControl(id: number, request: ControlRequest, caller: ProcessInfo): void;
}

/** Kernel role and engine of one scope. */
export class KernelAndEngine {
  #o: CoreOptions;
  #kernelSlot: RoleSlot;
  #engineSlot: RoleSlot;
  #kernel?: PipedRole;
  /** The kernel role has said that it is ready, and lives. */
  #up = false;
  #fifos?: EngineFifos;
  #generation = 0;

  constructor(options: CoreOptions, watcher: SlotWatcher) {
    this.#o = options;
    this.#kernelSlot = new RoleSlot("kernel", () => this.#launchKernel(), watcher);
    this.#engineSlot = new RoleSlot("engine", () => this.#launchEngine(), watcher);
  }

  /** @throws {EgressError} naming the role that cannot start, and why */
  async start(): Promise<void> {
    await this.#kernelSlot.start();
  }

  /** Whether the kernel role works. */
  get up(): boolean {
    return this.#up;
  }

  /** Pids by role. */
  get pids(): Record<string, number> {
    return { ...this.#kernelSlot.pids, ...this.#engineSlot.pids };
  }

  /** Sends an order and waits for its answer. @throws {Error} if the kernel role cannot answer */
  async order(order: Exclude<SupervisorToKernel, { op: "engine" }>): Promise<unknown> {
    if (!this.#kernel) throw new EgressError("the kernel role does not run");
    return await this.#kernel.request(order);
  }

  /** Starts nothing any more. */
  stop(): void {
    this.#kernelSlot.stop();
    this.#engineSlot.stop();
  }

  async #launchEngine(): Promise<Launched> {
    const fifos = await this.#makeFifos();
    const process = startEngine(this.#o.launcher, fifos);
    process.ended.then(() => removeFifos(fifos));
    this.#fifos = fifos;
    // A kernel role that is on its way finds the pipes in its boot frame.
    const ready = this.#up ? this.#kernel!.request({ op: "engine", fifos }) : Promise.resolve();
    return { process, ready };
  }

  async #launchKernel(): Promise<Launched> {
    this.#up = false;
    await this.#engineSlot.start();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const boot: KernelBoot = { ...this.#o.boot(), engine: this.#fifos! };
    const kernel = startPiped(this.#o.launcher, "kernel", boot, (body) => {
      const message = body as KernelToSupervisor;
      if (message.op === "log") return this.#o.onLog(message.event);
      if (message.op === "control") {
        return this.#o.onControl(message.id, message.request, message.caller);
      }
      if (message.op === "fatal") reject(new EgressError(message.error, message.hint));
      if (message.op !== "ready") return;
      this.#up = true;
      this.#o.onReady(message.authority);
      resolve();
    });
    kernel.ended.then(() => this.#up = false);
    this.#kernel = kernel;
    return { process: kernel, ready: promise };
  }

  async #makeFifos(): Promise<EngineFifos> {
    const base = `${this.#o.privateDir}/engine-${this.#generation++}`;
    const fifos = { requests: `${base}.requests`, responses: `${base}.responses` };
    await mustSh("making the engine's pipes", FIFOS, { args: [fifos.requests, fifos.responses] });
    return fifos;
  }
}

function removeFifos({ requests, responses }: EngineFifos): void {
  for (const path of [requests, responses]) removeIfThere(path);
}

/** Removes a file that may be gone already. */
export function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
