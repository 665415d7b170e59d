/**
 * HTTP/2 with one client, relayed to one upstream connection: each stream is judged.
 *
 * @module
 */

import { CHUNK, SMALL_CHUNK } from "../io/reader.ts";
import { closeQuietly, endQuietly, isConnectionError, type Stream } from "../io/stream.ts";
import type { Watched } from "../io/watchdog.ts";
import { WriteQueue } from "../io/write_queue.ts";
import { StreamWriter } from "../io/writer.ts";
import {
  NoUpstream,
  type Question,
  Relay,
  type RelayClose,
  type RelayOutput,
  type Side,
  type StreamEnd,
} from "../layers/http2/mod.ts";
import { type Connection, refusal } from "./connection.ts";
import { HeldVerdict } from "./held_verdict.ts";
import { answerStream } from "./http2_answer.ts";
import { Http2Request } from "./http2_request.ts";
import type { Live } from "./proxy.ts";
import type { SessionStart } from "./session_start.ts";

/** Milliseconds for a first request to arrive, and between requests. */
const FIRST_MS = 60_000;
const IDLE_MS = 120_000;
/** A connection that was refused is not kept for long. */
const REFUSED_MS = 5000;
/** How long a closing connection reads on, so that no reset eats what was sent last. */
const LINGER_MS = 2000;

/** One client connection that speaks HTTP/2. */
export class Http2Session implements Live, Watched {
  readonly address: string;
  readonly held: HeldVerdict;
  deadline: number;
  /** Streams begun. */
  count = 0;
  readonly relay: Relay;
  readonly #requests = new Map<number, Http2Request>();
  readonly #client: WriteQueue;
  readonly #upstream: WriteQueue | NoUpstream;
  #changed = Promise.withResolvers<void>();
  #closing: Promise<void> | undefined;
  /** A mistake of this program, met where nobody waited. */
  #fault: unknown;

  /**
   * @param client carries the plain text
   * @param wire the client's own socket
   */
  constructor(
    readonly connection: Connection,
    readonly client: Stream,
    readonly wire: Stream,
    readonly start: SessionStart,
  ) {
    const { upstream, scheme, host, address } = start;
    this.address = address;
    this.deadline = Date.now() + (start.blocked ? REFUSED_MS : FIRST_MS);
    this.held = new HeldVerdict(connection.proxy.state);
    this.relay = new Relay({ scheme, host, port: connection.flow.dst_port });
    this.#client = new WriteQueue(new StreamWriter(client, () => this.#cut()));
    this.#upstream = upstream ? new WriteQueue(upstream.writer) : new NoUpstream();
  }

  /** No stream is under way. */
  get idle(): boolean {
    return this.relay.streams === 0;
  }

  /** Relays until the connection is over. */
  async run(): Promise<void> {
    const { live, watchdog } = this.connection.proxy;
    const { upstream } = this.start;
    live.add(this);
    watchdog.add(this);
    watchdog.add(this.#client.writer);
    try {
      await Promise.all([
        this.#pump("client", this.client),
        upstream && this.#pump("upstream", upstream.stream),
      ]);
      await this.#closing;
      if (this.#fault !== undefined) throw this.#fault;
    } finally {
      this.#cut();
      live.delete(this);
      watchdog.delete(this);
      watchdog.delete(this.#client.writer);
    }
  }

  /** Ends everything: with a word to the client if it loses nothing by that, else at once. */
  abort(): void {
    const orderly = this.idle && !this.relay.over;
    const output = this.relay.lost("upstream", "egress ends the connection");
    if (!orderly) this.#cut();
    this.#spawn(this.#perform(output));
  }

  /** The watchdog: nothing came in time. */
  expire(): void {
    this.abort();
  }

  /** The watchdog's scan: long requests are made known. */
  tick(now: number): void {
    for (const request of this.#requests.values()) request.tick(now);
  }

  async #pump(side: Side, from: Stream): Promise<void> {
    let buffer = new Uint8Array(SMALL_CHUNK);
    while (!this.relay.over) {
      const { wantsClient, wantsUpstream } = this.relay;
      if (!(side === "client" ? wantsClient : wantsUpstream)) {
        await this.#changed.promise;
        continue;
      }
      if (side === "client") await this.connection.proxy.supervisor.congestion;
      const count = await this.#read(side, from, buffer);
      if (count === null) break;
      const bytes = buffer.subarray(0, count);
      await this.#perform(
        side === "client" ? this.relay.fromClient(bytes) : this.relay.fromUpstream(bytes),
      );
      if (count === buffer.length && count < CHUNK) buffer = new Uint8Array(CHUNK);
    }
    if (side === "client") await this.#linger(buffer);
  }

  async #read(side: Side, from: Stream, buffer: Uint8Array): Promise<number | null> {
    try {
      const count = await from.read(buffer);
      if (count === null) await this.#lost(side, `the ${side} closed the connection`);
      return count;
    } catch (error) {
      await this.#lostBy(side, error);
      return null;
    }
  }

  /** Reads on after the end, so that no reset overtakes what was sent. */
  async #linger(buffer: Uint8Array): Promise<void> {
    await this.#closing;
    try {
      while (await this.client.read(buffer) !== null);
    } catch (error) {
      if (!isConnectionError(error)) throw error;
    }
  }

  /** Carries out what the relay wants. Resolves once this output's bytes are written. */
  async #perform(output: RelayOutput): Promise<void> {
    const written = [
      output.toClient && this.#write("client", this.#client, output.toClient),
      output.toUpstream && this.#toUpstream(output.toUpstream),
    ];
    for (const question of output.questions) this.#spawn(this.#answer(question));
    for (const end of output.ended) this.#ended(end, output.close?.message);
    if (output.close) this.#close(output.close, output.ended.length > 0, written);
    else this.#watchIdleness();
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    await Promise.all(written);
  }

  async #write(side: Side, queue: WriteQueue, bytes: Uint8Array): Promise<void> {
    try {
      await queue.write(bytes);
    } catch (error) {
      await this.#lostBy(side, error);
    }
  }

  async #toUpstream(bytes: Uint8Array): Promise<void> {
    const upstream = this.#upstream;
    if (upstream instanceof WriteQueue) return await this.#write("upstream", upstream, bytes);
    const answer = upstream.receive(bytes);
    if (answer.length > 0) await this.#perform(this.relay.fromUpstream(answer));
  }

  async #lostBy(side: Side, error: unknown): Promise<void> {
    if (!isConnectionError(error)) throw error;
    await this.#lost(side, `the ${side}'s connection broke: ${(error as Error).message}`);
  }

  async #lost(side: Side, message: string): Promise<void> {
    if (!this.relay.over) await this.#perform(this.relay.lost(side, message));
  }

  /** What is not waited for must still not fail unseen: the connection ends with it. */
  #spawn(work: Promise<void>): void {
    work.catch((error) => {
      this.#fault ??= error;
      this.#cut();
    });
  }

  async #answer(question: Question): Promise<void> {
    const request = new Http2Request(this, question);
    this.#requests.set(question.stream, request);
    this.count++;
    this.connection.proxy.state.requests++;
    await this.#perform(await answerStream(this, request, question));
  }

  #ended(end: StreamEnd, why: string | undefined): void {
    const request = this.#requests.get(end.stream);
    this.#requests.delete(end.stream);
    if (request) return request.ended(end, why);
    this.count++;
    this.#logMalformed(end.message);
  }

  #logMalformed(message: string | undefined): void {
    const { scheme, host, alpn } = this.start;
    this.connection.log(scheme, refusal("malformed", false), { host, alpn, message });
  }

  #watchIdleness(): void {
    if (!this.idle) this.deadline = Infinity;
    else if (this.deadline === Infinity) {
      this.deadline = Date.now() + (this.start.blocked ? REFUSED_MS : IDLE_MS);
    }
  }

  #close({ by, code, message }: RelayClose, logged: boolean, written: unknown[]): void {
    if (by === "client" && code !== 0) this.#logMalformed(message);
    else if (code !== 0 && !logged) {
      const { scheme, host, verdict, alpn } = this.start;
      const error = "upstream_malformed";
      this.connection.log(scheme, verdict, { host, alpn, error, message });
    }
    this.deadline = Date.now() + LINGER_MS;
    this.#closing = Promise.all(written).then(async () => {
      this.#closeUpstream();
      await endQuietly(this.client);
    });
  }

  #closeUpstream(): void {
    if (this.start.upstream) this.connection.proxy.pool.discard(this.start.upstream);
  }

  #cut(): void {
    closeQuietly(this.wire);
    closeQuietly(this.client);
    this.#closeUpstream();
  }
}
