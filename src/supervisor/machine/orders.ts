/**
 * What callers on the control socket, and signals, ask of a guard.
 *
 * @module
 */

import { hash } from "node:crypto";
import type { ControlRequest, PolicyLoad, ProcessInfo } from "../../protocol/mod.ts";
import { VERSION } from "../../protocol/version.ts";
import type { Journal } from "../journal.ts";
import type { RoleSet } from "../role_set.ts";
import type { Changes } from "./changes.ts";
import type { GuardSpec } from "./guard_spec.ts";
import { controller, counted, type MachineStatus, measured } from "./status.ts";

/** Carries orders out. */
export class Orders {
  /** Fulfilled when the guard is to end. */
  readonly shutdown: Promise<void>;
  /** Set before the first order can come. */
  roles!: RoleSet;
  readonly #spec: GuardSpec;
  readonly #journal: Journal;
  readonly #changes: Changes;
  readonly #started = new Date();
  readonly #end: () => void;
  #policy: { text: string; audit: boolean };

  constructor(spec: GuardSpec, journal: Journal, changes: Changes) {
    this.#spec = spec;
    this.#journal = journal;
    this.#changes = changes;
    this.#policy = { text: spec.policy, audit: spec.audit };
    const { promise, resolve } = Promise.withResolvers<void>();
    this.shutdown = promise;
    this.#end = resolve;
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      Deno.addSignalListener(signal, () => this.#signal(signal));
    }
  }

  /** Takes one request; its answer goes to the caller through the kernel role. */
  async take(id: number, request: ControlRequest, caller: ProcessInfo): Promise<void> {
    const answer = await this.#carryOut(request, caller).catch((error: Error) => ({
      error: error.message,
    }));
    try {
      await this.roles.answer(id, answer);
    } catch (error) {
      // The kernel role ended meanwhile, and the caller's connection with it.
      this.#note("control_failed", `an answer was lost: ${(error as Error).message}`);
    }
    if (request.op === "shutdown") this.#end();
  }

  /** What `egress start` prints when everything is ready. */
  async readyText(): Promise<string> {
    const status = await this.status();
    if (this.#spec.json) return JSON.stringify(status) + "\n";
    const sudo = status.sudo === "absent" ? "" : `, sudo ${status.sudo}`;
    return `egress guards this machine (${status.mode}${sudo}); orders from: ${status.control}\n`;
  }

  /** The answer to `status`. */
  async status(): Promise<MachineStatus> {
    const { roles } = this;
    const { text, audit } = this.#policy;
    const mode = roles.closed !== undefined ? "closed" : audit ? "audit" : "enforce";
    const closed = roles.failure ?? roles.closed;
    return {
      running: true,
      id: this.#spec.id,
      version: VERSION,
      mode,
      ...(closed !== undefined && { closed_reason: closed }),
      policy_sha256: hash("sha256", text),
      started: this.#started.toISOString(),
      uptime_s: Math.round((Date.now() - this.#started.getTime()) / 1000),
      roles: roles.pids,
      // Without the kernel role the rest is still worth telling.
      ...await roles.status().then(measured, () => ({})),
      ...counted(this.#journal),
      sudo: this.#changes.sudo,
      control: controller(roles.authority),
      ...(this.#spec.log !== undefined && { log: this.#spec.log }),
    };
  }

  async #carryOut(request: ControlRequest, caller: ProcessInfo): Promise<unknown> {
    switch (request.op) {
      case "status":
        return await this.status();
      case "reload":
        return await this.#reload(request.policy, request.audit ?? this.#policy.audit);
      case "disable-sudo":
        await this.#changes.disableSudo();
        break;
      case "enable-sudo":
        await this.#changes.enableSudo();
        break;
      case "shutdown":
        break;
    }
    this.#told(`${request.op} by ${caller.exe ?? "?"} (process ${caller.pid})`);
    return { ok: true, id: this.#spec.id, sudo: this.#changes.sudo };
  }

  async #reload(text: string, audit: boolean): Promise<unknown> {
    const errors = this.#spec.check(text);
    if (errors.length > 0 && !audit) {
      return { error: `the policy is not valid: ${errors[0]}`, errors };
    }
    const load: PolicyLoad = { ...this.roles.policy, text, audit };
    await this.roles.reload(load);
    this.#policy = { text, audit };
    const policy_sha256 = hash("sha256", text);
    this.#journal.policyChanged({ mode: audit ? "audit" : "enforce", policy_sha256 });
    return { ok: true, policy_sha256 };
  }

  /** Where only root may give orders, a signal of root's is one. A job's root may not end the guard. */
  #signal(signal: string): void {
    const { authority } = this.roles;
    if (authority === undefined || authority.by === "root") return this.#end();
    this.#note("control_refused", `${signal} refused: only ${controller(authority)} may end this`);
  }

  #told(message: string): void {
    this.#journal.add({ ts: new Date().toISOString(), type: "control", message });
  }

  #note(error: string, message: string): void {
    this.#journal.add({ ts: new Date().toISOString(), type: "error", error, message });
  }
}
