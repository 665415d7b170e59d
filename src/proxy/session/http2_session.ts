/**
 * HTTP/2 with one client, relayed to one upstream connection: each stream is judged.
 *
 * @module
 */

import type { Stream } from "../io/stream.ts";
import type { Watched } from "../io/watchdog.ts";
import {
  type Question,
  Relay,
  type RelayClose,
  type RelayOutput,
  type StreamEnd,
} from "../layers/http2/mod.ts";
import type { Upstream } from "../upstream/pool.ts";
import { type Connection, refusal } from "./connection.ts";
import { HeldVerdict } from "./held_verdict.ts";
import { answerStream } from "./http2_answer.ts";
import { Http2Request } from "./http2_request.ts";
import { Http2Wires, type WiresOwner } from "./http2_wires.ts";
import { judgeRequest } from "./judge_request.ts";
import type { Live } from "./proxy.ts";
import { mustBeVerifiedNow, type SessionStart } from "./session_start.ts";

/** Milliseconds for a first request to arrive, and between requests. */
const FIRST_MS = 60_000;
const IDLE_MS = 120_000;
/** A connection that was refused is not kept for long. */
const REFUSED_MS = 5000;
/** How long a closing connection reads on, so that no reset eats what was sent last. */
const LINGER_MS = 2000;

/** One client connection that speaks HTTP/2. */
export class Http2Session implements Live, Watched, WiresOwner {
  readonly address: string;
  readonly held: HeldVerdict;
  deadline: number;
  /** Streams begun. */
  count = 0;
  readonly relay: Relay;
  readonly #requests = new Map<number, Http2Request>();
  readonly #wires: Http2Wires;

  /**
   * @param client carries the plain text
   * @param wire the client's own socket
   */
  constructor(
    readonly connection: Connection,
    client: Stream,
    wire: Stream,
    readonly start: SessionStart,
  ) {
    const { upstream, scheme, host, address } = start;
    this.address = address;
    this.deadline = Date.now() + (start.blocked ? REFUSED_MS : FIRST_MS);
    this.held = new HeldVerdict(connection.proxy.state);
    this.relay = new Relay({ scheme, host, port: connection.flow.dst_port });
    this.#wires = new Http2Wires(this.relay, { client, wire, upstream }, this);
  }

  /** No stream is under way. */
  get idle(): boolean {
    return this.relay.streams === 0;
  }

  /** As {@link WiresOwner.congestion}: log lines back up. */
  get congestion(): Promise<void> | undefined {
    return this.connection.proxy.supervisor.congestion;
  }

  /** Relays until the connection is over. */
  async run(): Promise<void> {
    const { live, watchdog } = this.connection.proxy;
    live.add(this);
    watchdog.add(this);
    watchdog.add(this.#wires.writer);
    try {
      await this.#wires.run();
    } finally {
      this.#wires.cut();
      live.delete(this);
      watchdog.delete(this);
      watchdog.delete(this.#wires.writer);
    }
  }

  /** Ends everything: with a word to the client if it loses nothing by that, else at once. */
  abort(): void {
    const orderly = this.idle && !this.relay.over;
    const output = this.relay.lost("upstream", "egress ends the connection");
    if (!orderly) this.#wires.cut();
    this.#wires.spawn(this.#wires.perform(output));
  }

  /** The policy has changed: streams that it would not let through any more end, and only those. */
  async rejudge(): Promise<void> {
    if (await mustBeVerifiedNow(this.connection, this.start)) return this.abort();
    await Promise.all([...this.#requests.values()].map((request) => this.#rejudge(request)));
  }

  async #rejudge(request: Http2Request): Promise<void> {
    // One that has no verdict yet gets it from the new policy.
    if (!request.verdict?.pass || request.answered) return;
    const { verdict } = await judgeRequest(request);
    request.verdict = verdict;
    if (verdict.pass) return;
    const output = this.relay.cancel(request.stream, "the policy no longer allows it");
    this.#wires.spawn(this.#wires.perform(output));
  }

  /** The watchdog: nothing came in time. */
  expire(): void {
    this.abort();
  }

  /** The watchdog's scan: long requests are made known. */
  tick(now: number): void {
    for (const request of this.#requests.values()) request.tick(now);
  }

  /** As {@link WiresOwner.performed}. */
  performed(output: RelayOutput): void {
    for (const question of output.questions) this.#wires.spawn(this.#answer(question));
    for (const end of output.ended) this.#ended(end, output.close?.message);
    if (output.close) this.#closed(output.close, output.ended.length > 0);
    else this.#watchIdleness();
  }

  /** As {@link WiresOwner.discard}. */
  discard(upstream: Upstream): void {
    this.connection.proxy.pool.discard(upstream);
  }

  async #answer(question: Question): Promise<void> {
    this.connection.proxy.tap?.http2Request(this.connection.id, question);
    const request = new Http2Request(this, question);
    this.#requests.set(question.stream, request);
    this.count++;
    this.connection.proxy.state.requests++;
    await this.#wires.perform(await answerStream(this, request, question));
  }

  #ended(end: StreamEnd, why: string | undefined): void {
    const request = this.#requests.get(end.stream);
    this.#requests.delete(end.stream);
    if (request) return request.ended(end, why);
    this.count++;
    this.#logMalformed(end.message, end.status);
  }

  #logMalformed(message: string | undefined, status?: number): void {
    const { scheme, host, alpn } = this.start;
    const fields = { host, alpn, status, message };
    this.connection.log(scheme, refusal("malformed", false), fields);
  }

  #watchIdleness(): void {
    if (!this.idle) this.deadline = Infinity;
    else if (this.deadline === Infinity) {
      this.deadline = Date.now() + (this.start.blocked ? REFUSED_MS : IDLE_MS);
    }
  }

  #closed({ by, code, message }: RelayClose, logged: boolean): void {
    if (by === "client" && code !== 0) this.#logMalformed(message);
    else if (code !== 0 && !logged) {
      const { scheme, host, verdict, alpn } = this.start;
      const error = "upstream_malformed";
      this.connection.log(scheme, verdict, { host, alpn, error, message });
    }
    this.deadline = Date.now() + LINGER_MS;
  }
}
