/**
 * The proxy's questions to the kernel role. They never fail: who cannot be asked says no.
 *
 * @module
 */

import type {
  DnsAnswer,
  FlowAnswer,
  FlowQuestion,
  TrafficEvent,
  Verdict,
} from "../../protocol/mod.ts";
import { FrameLink, LinkError } from "./frame_link.ts";

/** Milliseconds between attempts to reach a kernel role that is not there, or not there yet. */
const RETRY_MS = 10;
/** Milliseconds that the first connection may take: the roles start side by side. */
const START_MS = 15_000;

/** What every question gets while the kernel role cannot be asked. */
const UNAVAILABLE: Verdict = {
  policy: "deny",
  pass: false,
  reason: "unavailable",
  passthrough: false,
  insecure: false,
  hold: "request",
  destination: "none",
};

/** The link to `kernel.sock`, renewed when the kernel role is restarted. */
export class KernelLink {
  #link: FrameLink | undefined;

  constructor(readonly path: string, readonly hello: { index: number; secret: string }) {}

  /**
   * Connects for the first time, waiting for the kernel role to listen.
   *
   * @throws {Deno.errors} if it does not within 15 s
   */
  async start(): Promise<void> {
    const until = Date.now() + START_MS;
    for (;;) {
      try {
        return await this.#connect();
      } catch (error) {
        if (!isAbsent(error) || Date.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  async #connect(): Promise<void> {
    // The kernel role answers and says nothing of its own: there are no frames to take.
    const link = await FrameLink.connect(this.path, () => {}, () => this.#lost());
    link.send({ op: "hello", role: "proxy", ...this.hello });
    this.#link = link;
  }

  /** Who sent this, and where to? */
  async flow(question: Omit<FlowQuestion, "op">): Promise<FlowAnswer> {
    const answer = await this.#ask({ op: "flow", ...question });
    return isFlow(answer) ? answer : { ok: false, reason: "unavailable" };
  }

  /** May it go on? */
  async judge(flow: number, event: TrafficEvent): Promise<Verdict> {
    const answer = await this.#ask({ op: "judge", flow, event });
    return isVerdict(answer) ? answer : UNAVAILABLE;
  }

  /** Tells the engine of addresses. Resolves once it knows, with false if it cannot be told. */
  async lookup(answer: DnsAnswer): Promise<boolean> {
    return (await this.#ask({ op: "lookup", answer })) !== undefined;
  }

  /** To be called about once a second. */
  tick(now: number): void {
    this.#link?.tick(now);
  }

  async #ask(body: unknown): Promise<unknown> {
    try {
      return await this.#link?.request(body);
    } catch (error) {
      if (error instanceof LinkError) return undefined;
      throw error;
    }
  }

  #lost(): void {
    this.#link = undefined;
    setTimeout(() => {
      this.#connect().catch((error) => {
        if (!isAbsent(error)) throw error;
        this.#lost();
      });
    }, RETRY_MS);
  }
}

/** The socket is not there, or nobody accepts: the role is on its way. */
function isAbsent(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.ConnectionRefused;
}

function isFlow(answer: unknown): answer is FlowAnswer {
  return typeof answer === "object" && answer !== null && "ok" in answer;
}

function isVerdict(answer: unknown): answer is Verdict {
  return typeof answer === "object" && answer !== null && "pass" in answer && "policy" in answer;
}
