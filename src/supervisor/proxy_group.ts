/**
 * The proxies of a scope, behind one port: the first makes the CA and chooses the ports, the others join
 * with the first traffic, and each is started again by itself.
 *
 * @module
 */

import type { CaMaterial, ProxyBoot, ProxyToSupervisor } from "../protocol/mod.ts";
import { EgressError } from "./errors.ts";
import { LeafStore } from "./leaf_store.ts";
import { type RoleLauncher, startPiped } from "./role_process.ts";
import { type Launched, RoleSlot, type SlotWatcher } from "./role_slot.ts";

/** Where traffic is redirected to: ports of 127.0.0.1. */
export interface ProxyPorts {
  frontPort: number;
  dnsPort: number;
}

/** What the proxies are started with. */
export interface ProxyGroupOptions {
  launcher: RoleLauncher;
  secret: string;
  /** How many there are in the end, from 1. */
  count: number;
  /** The boot frame's part that is the same for all, as of now. */
  settings(): ProxySettings;
}

/** Settings of every proxy. */
export type ProxySettings = Omit<
  ProxyBoot,
  | ("role" | "index" | "kernelSocket" | "supervisorSocket" | "secret" | "reusePort" | "ca")
  | keyof ProxyPorts
>;

type Ready = Extract<ProxyToSupervisor, { op: "ready" }>;

/** Starts proxies and keeps what they share. */
export class ProxyGroup {
  readonly leaves = new LeafStore();
  #o: ProxyGroupOptions;
  #slots: RoleSlot[];
  #waiting = new Map<number, { resolve(): void; reject(error: Error): void }>();
  #ports: ProxyPorts = { frontPort: 0, dnsPort: 0 };
  #ca?: CaMaterial;
  #grown = false;

  constructor(options: ProxyGroupOptions, watcher: SlotWatcher) {
    this.#o = options;
    this.#slots = Array.from({ length: options.count }, (_, index) => {
      const name = index === 0 ? "proxy" : `proxy ${index}`;
      return new RoleSlot(name, () => this.#launch(index), watcher);
    });
  }

  /** The CA's certificate, PEM. Known after {@link start}. */
  get caCertificate(): string {
    return this.#ca!.certPem;
  }

  /** Pids by role. */
  get pids(): Record<string, number> {
    return Object.assign({}, ...this.#slots.map((slot) => slot.pids));
  }

  /**
   * Starts the first proxy. The others would only slow the start down.
   *
   * @throws {EgressError} why it cannot be started
   */
  async start(): Promise<ProxyPorts> {
    await this.#slots[0]!.start();
    return this.#ports;
  }

  /**
   * Starts the others; called for every sign of traffic.
   *
   * @param failed gets the reason for each that cannot be started; it is not tried again
   */
  grow(failed: (error: Error) => void): void {
    if (this.#grown) return;
    this.#grown = true;
    for (const slot of this.#slots.slice(1)) slot.start().catch(failed);
  }

  /** A proxy serves. */
  ready(index: number, { frontPort, dnsPort, ca }: Ready): void {
    this.#ports = { frontPort, dnsPort };
    this.#ca ??= ca;
    this.#waiting.get(index)?.resolve();
  }

  /** A proxy cannot serve. */
  fatal(index: number, error: string, hint?: string): void {
    this.#waiting.get(index)?.reject(new EgressError(error, hint));
  }

  /** Starts nothing any more. */
  stop(): void {
    this.#grown = true;
    for (const slot of this.#slots) slot.stop();
  }

  #launch(index: number): Promise<Launched> {
    const { launcher, secret, count, settings } = this.#o;
    const boot: ProxyBoot = {
      role: "proxy",
      index,
      kernelSocket: launcher.context.kernelSocket,
      supervisorSocket: launcher.context.supervisorSocket,
      secret,
      ...this.#ports,
      reusePort: count > 1,
      ...settings(),
      ...(this.#ca !== undefined && { ca: this.#ca }),
    };
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.set(index, { resolve, reject });
    const process = startPiped(launcher, "proxy", boot, () => {});
    return Promise.resolve({ process, ready: promise });
  }
}

/** Most that are started: the next cost more memory than they bring speed. */
const MOST = 4;
/** Fewest: when one crashes, another serves meanwhile. */
const FEWEST = 2;

/**
 * How many proxies a machine gets.
 *
 * @param cpus that this process may use
 */
export function proxyCount(cpus: number): number {
  return Math.min(MOST, Math.max(FEWEST, cpus));
}
