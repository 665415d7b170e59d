/**
 * The control socket. Whoever connects is looked at first: who may not gets a refusal at once and holds
 * nothing; who may has little time for one bounded line.
 *
 * @module
 */

import type {
  ControlAuthority,
  ControlRequest,
  LogEvent,
  ProcessInfo,
} from "../../protocol/mod.ts";
import { processFields, Repetitions } from "../link/log.ts";
import type { Attribution } from "../process/attribution.ts";
import { NANOS_PER_TICK } from "../process/table.ts";
import { SyscallError } from "../sys/call.ts";
import { bootMillis, bootNanos } from "../sys/clock.ts";
import { type Epoll, Ready } from "../sys/epoll.ts";
import { type Fd, write } from "../sys/fd.ts";
import { accept, listenUnix } from "../sys/unix.ts";
import { refusal } from "./authority.ts";
import { Connection, encodeAnswer } from "./connection.ts";
import { type Identified, identify } from "./identify.ts";
import { parseRequest } from "./request.ts";

/** Callers that are served at a time. */
const CONNECTIONS = 8;
/** Callers that are looked at before others get their turn. */
const BATCH = 4;

/** What the socket works with. */
export interface ControlParts {
  epoll: Epoll;
  attribution: Attribution;
  authority: ControlAuthority;
  /** Hands a request on; its answer comes to {@link ControlServer.answer}. */
  ask(id: number, request: ControlRequest, caller: ProcessInfo): void;
  write(event: LogEvent): void;
}

/** The listening socket and those who may use it. */
export class ControlServer {
  readonly #parts: ControlParts;
  readonly #listener: Fd;
  readonly #connections = new Map<number, Connection>();
  readonly #refusals: Repetitions;
  #nextId = 1;

  /**
   * @param path of the socket; everybody may connect, few may do more
   * @throws {SyscallError} if it cannot be made
   */
  constructor(path: string, parts: ControlParts) {
    this.#parts = parts;
    this.#refusals = new Repetitions(parts.write, 64);
    this.#listener = listenUnix(path, 0o666);
    parts.epoll.add(this.#listener.number, Ready.IN, () => this.#accept());
  }

  /** Whether `tick` has something to do later. */
  get waiting(): boolean {
    return this.#connections.size > 0 || this.#refusals.waiting;
  }

  /** Sends a caller its answer, if it still waits. */
  answer(id: number, body: unknown): void {
    this.#connections.get(id)?.answer(body, bootMillis());
  }

  /** Gives up who took too long. @param now ms since boot */
  tick(now: number): void {
    for (const connection of this.#connections.values()) {
      if (connection.deadline <= now) connection.close();
    }
    this.#refusals.tick(now);
  }

  #accept(): void {
    for (let i = 0; i < BATCH; i++) {
      const fd = accept(this.#listener.number);
      if (!fd) return;
      this.#meet(fd);
    }
  }

  #meet(fd: Fd): void {
    const { attribution, authority } = this.#parts;
    const caller = identify(fd.number, (pid, ticks) => attribution.stepOf(pid, ticks));
    const why = caller === undefined
      ? "the caller's process is gone, or out of sight"
      : refusal(caller, authority);
    const who = caller ? this.#describe(caller) : {};
    if (!caller || why !== undefined) return this.#refuse(fd, why ?? "", who, caller);
    if (this.#connections.size >= CONNECTIONS) return refuse(fd, "busy: try again");
    const id = this.#nextId++;
    const connection = new Connection(this.#parts.epoll, fd, bootMillis(), {
      line: (line) => this.#request(id, line, who),
      closed: () => this.#connections.delete(id),
    });
    this.#connections.set(id, connection);
  }

  #request(id: number, line: string | "too long", who: ProcessInfo): void {
    const request = line === "too long" ? { error: "the request is too long" } : parseRequest(line);
    if ("error" in request) return this.answer(id, request);
    this.#parts.ask(id, request, who);
  }

  #describe({ pid, startTicks }: Identified): ProcessInfo {
    const start = startTicks * NANOS_PER_TICK;
    return this.#parts.attribution.describe({ pid, start, cgroup: 0n, at: bootNanos() });
  }

  #refuse(fd: Fd, why: string, who: ProcessInfo, caller: Identified | undefined): void {
    refuse(fd, `refused: ${why}`);
    const event: LogEvent = {
      ts: new Date().toISOString(),
      type: "error",
      error: "control_refused",
      ...processFields(who),
      message: `control socket: refused a caller${
        caller ? ` with user id ${caller.uid}` : ""
      }: ${why}`,
    };
    // By user and reason: a flood of processes is a few lines.
    this.#refusals.add(`${caller?.uid} ${why}`, event, bootMillis());
  }
}

/** One line into a socket that nothing was written to before, so that it fits; then the end. */
function refuse(fd: Fd, error: string): void {
  try {
    write(fd.number, encodeAnswer({ error }));
  } catch (cause) {
    // The caller went away: its own business.
    if (!(cause instanceof SyscallError)) throw cause;
  } finally {
    fd.close();
  }
}
