/**
 * The place of one role: whatever ends there is started again, unless that happens too often.
 *
 * @module
 */

import { CrashBudget } from "./crash_budget.ts";
import { EgressError } from "./errors.ts";
import type { RoleProcess } from "./role_process.ts";

/** A process that was spawned, and when it works. */
export interface Launched {
  process: RoleProcess;
  /** Rejects if the role says that it cannot start. */
  ready: Promise<unknown>;
}

/** What becomes of the role. */
export interface SlotWatcher {
  /** A process of it works, the first or a later one. */
  started(slot: RoleSlot): void;
  /** It ended unasked, and is about to be started again. */
  crashed(slot: RoleSlot, words: string): void;
  /** It ended too often and is left alone. */
  gaveUp(slot: RoleSlot, words: string): void;
}

/** Longest wait for a role to be ready, in ms. */
const READY_MS = 20_000;

/** Keeps one process of a role running. */
export class RoleSlot {
  #launch: () => Promise<Launched>;
  #watcher: SlotWatcher;
  #budget = new CrashBudget();
  #process?: RoleProcess;
  /** Grows with each process that is asked for: what an earlier one was doing is void then. */
  #turn = 0;
  #stopped = false;

  /**
   * @param name of the role, with its number if there are several, for messages
   * @param launch spawns the process; called for every start
   */
  constructor(readonly name: string, launch: () => Promise<Launched>, watcher: SlotWatcher) {
    this.#launch = launch;
    this.#watcher = watcher;
  }

  /** The pid of its process, by the role's name; empty when none was started. */
  get pids(): Record<string, number> {
    return this.#process ? { [this.name]: this.#process.pid } : {};
  }

  /**
   * Starts the role, in place of the process that may be there.
   *
   * @throws {EgressError} if it cannot be started; it is not tried again then
   */
  async start(): Promise<void> {
    if (this.#stopped) throw new EgressError(`${this.name} is not to be started any more`);
    const turn = ++this.#turn;
    this.#process?.kill();
    await this.#startOnce(turn);
  }

  /** Lets it end: nothing is started any more. */
  stop(): void {
    this.#stopped = true;
    this.#turn++;
  }

  async #startOnce(turn: number): Promise<void> {
    const { process, ready } = await this.#launch();
    if (turn !== this.#turn) return process.kill();
    this.#process = process;
    try {
      await this.#readyOrEnded(process, ready);
    } catch (error) {
      process.kill();
      throw error;
    }
    this.#watcher.started(this);
    process.ended.then(() => this.#crashed(turn, process.lastWords()));
  }

  async #crashed(turn: number, words: string): Promise<void> {
    while (turn === this.#turn) {
      const pause = this.#budget.spend(performance.now());
      if (pause === undefined) return this.#watcher.gaveUp(this, words);
      this.#watcher.crashed(this, words);
      await new Promise((resolve) => setTimeout(resolve, pause));
      if (turn !== this.#turn) return;
      try {
        return await this.#startOnce(turn);
      } catch (error) {
        words = error instanceof Error ? error.message : String(error);
      }
    }
  }

  async #readyOrEnded(process: RoleProcess, ready: Promise<unknown>): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      const why = `the ${this.name} role was not ready within ${READY_MS / 1000} s`;
      timer = setTimeout(() => reject(new EgressError(why)), READY_MS);
    });
    const ended = process.ended.then(() => {
      const words = process.lastWords() || "no message";
      throw new EgressError(`the ${this.name} role ended before it was ready: ${words}`);
    });
    try {
      await Promise.race([ready, late, ended]);
    } finally {
      clearTimeout(timer);
      // The losers of the race may still fail, which says nothing new.
      ended.catch(() => {});
      ready.catch(() => {});
    }
  }
}
