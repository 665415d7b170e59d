/**
 * The link to the engine process: questions out, verdicts back, whatever happens to the engine.
 *
 * @module
 */

import type {
  DnsAnswer,
  EngineFifos,
  KernelToEngine,
  PolicyEvent,
  PolicyLoad,
  Verdict,
} from "../../protocol/mod.ts";
import { bootMillis } from "../sys/clock.ts";
import type { Epoll } from "../sys/epoll.ts";
import { Fd, Open, open } from "../sys/fd.ts";
import { FrameChannel } from "./channel.ts";
import { LookupJournal } from "./journal.ts";
import { denied, isVerdict } from "./verdict.ts";

/** A question that takes longer is answered with a denial, ms. */
const ANSWER_MS = 5000;
/** Starting up and compiling a policy may take longer, ms. */
const LOAD_MS = 15_000;
const BACKLOG = 16 * 1024 * 1024;

/** Questions that wait for a new engine. */
const WAITING = 4096;

interface Pending {
  deadline: number;
  message: KernelToEngine;
  /** Gets undefined if there is no answer. */
  answer(body: unknown): void;
}

/**
 * Asks the engine. What the engine of the moment leaves unanswered goes to the next one; what nobody
 * answers in time is denied as `unavailable`.
 */
export class Engine {
  readonly #epoll: Epoll;
  readonly #lost: (reason: string) => void;
  readonly #journal = new LookupJournal();
  readonly #pending = new Map<number, Pending>();
  #channel: FrameChannel | undefined;
  #nextId = 1;
  #policy: PolicyLoad | undefined;

  /** @param lost called when the engine is gone and a new one is wanted */
  constructor(epoll: Epoll, lost: (reason: string) => void) {
    this.#epoll = epoll;
    this.#lost = lost;
  }

  /** Questions without an answer yet. */
  get questions(): number {
    return this.#pending.size;
  }

  /**
   * Takes up an engine that waits at the FIFOs: loads the policy and tells it the lookups so far.
   *
   * @param done gets the error, or undefined when the engine is ready
   * @throws {SyscallError} if the FIFOs cannot be opened
   */
  connect(fifos: EngineFifos, policy: PolicyLoad, done: (error?: string) => void): void {
    this.#drop("replaced");
    // Opened for both directions so that it does not matter who comes first; the end of the
    // engine shows on the other FIFO.
    const requests = open(fifos.requests, Open.RDWR | Open.NONBLOCK);
    const responses = openOr(fifos.responses, requests);
    const channel = new FrameChannel(this.#epoll, responses.number, requests.number, BACKLOG, {
      frame: (frame) => this.#answer(frame.id, frame.body),
      closed: (reason) => {
        requests.close();
        responses.close();
        if (this.#channel === channel) this.#gone(reason);
      },
    }, true);
    this.#channel = channel;
    const unanswered = [...this.#pending];
    this.load(policy, done);
    const now = bootMillis() / 1000;
    for (const { answer, now: then } of this.#journal.replay(now)) {
      this.#ask({ op: "lookup", answer, now: then }, LOAD_MS, () => {});
    }
    // After policy and lookups: the engine answers in order.
    for (const [id, { message }] of unanswered) channel.request(id, message);
  }

  /** The policy in force. */
  get policy(): PolicyLoad | undefined {
    return this.#policy;
  }

  /** Puts another policy in force, or leaves the old one if the engine refuses it. */
  load(policy: PolicyLoad, done: (error?: string) => void): void {
    this.#ask({ op: "load", policy }, LOAD_MS, (body) => {
      const error = failureOf(body);
      if (error === undefined) this.#policy = policy;
      done(error);
    });
  }

  /** Asks for a verdict; `answer` is called exactly once, possibly at once. */
  judge(event: PolicyEvent, answer: (verdict: Verdict) => void): void {
    const now = bootMillis() / 1000;
    this.#ask({ op: "judge", event, now }, ANSWER_MS, (body) => {
      answer(isVerdict(body) ? body : denied("unavailable"));
    });
  }

  /** Tells of a lookup; `done` gets the error if the engine did not take it. */
  lookup(answer: DnsAnswer, done: (error?: string) => void): void {
    const now = bootMillis() / 1000;
    this.#journal.record(answer, now);
    this.#ask({ op: "lookup", answer, now }, ANSWER_MS, (body) => done(failureOf(body)));
  }

  /** Gives up questions that are overdue. @param now ms since boot */
  expire(now: number): void {
    for (const [id, pending] of this.#pending) {
      if (pending.deadline > now) continue;
      this.#pending.delete(id);
      pending.answer(undefined);
    }
  }

  #ask(message: KernelToEngine, patience: number, answer: (body: unknown) => void): void {
    if (!this.#channel && message.op !== "judge") return answer(withoutEngine(message));
    if (this.#pending.size >= WAITING && !this.#channel) return answer(undefined);
    const id = this.#nextId;
    this.#nextId = id === 0xffff_ffff ? 1 : id + 1;
    this.#pending.set(id, { deadline: bootMillis() + patience, message, answer });
    this.#channel?.request(id, message);
  }

  #answer(id: number, body: unknown): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.answer(body);
  }

  #gone(reason: string): void {
    this.#channel = undefined;
    this.#forget();
    this.#lost(reason);
  }

  /** Lets go of the present engine without a word to the supervisor. */
  #drop(reason: string): void {
    const channel = this.#channel;
    this.#channel = undefined;
    channel?.close(reason);
    this.#forget();
  }

  /** A policy is loaded into one engine; the next one is told what is in force anyway. */
  #forget(): void {
    for (const [id, { message, answer }] of this.#pending) {
      if (message.op === "judge") continue;
      this.#pending.delete(id);
      answer(withoutEngine(message));
    }
  }
}

/** A lookup is in the journal: the next engine knows it before it answers anything. */
function withoutEngine(message: KernelToEngine): unknown {
  return message.op === "lookup" ? { ok: true } : undefined;
}

function openOr(path: string, other: Fd): Fd {
  try {
    return open(path, Open.RDONLY | Open.NONBLOCK);
  } catch (error) {
    other.close();
    throw error;
  }
}

function failureOf(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null) return "the engine does not answer";
  const { ok, error } = body as { ok?: unknown; error?: unknown };
  if (ok === true) return undefined;
  return typeof error === "string" ? error : "the engine's answer makes no sense";
}
