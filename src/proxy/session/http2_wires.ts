/**
 * The two connections of an HTTP/2 session: what comes goes into the relay, what it wants sent goes out.
 *
 * @module
 */

import { CHUNK, SMALL_CHUNK } from "../io/reader.ts";
import { closeQuietly, endQuietly, isConnectionError, type Stream } from "../io/stream.ts";
import { WriteQueue } from "../io/write_queue.ts";
import { StreamWriter } from "../io/writer.ts";
import { NoUpstream, type Relay, type RelayOutput, type Side } from "../layers/http2/mod.ts";
import type { Upstream } from "../upstream/pool.ts";

/** What the wires need of the session that they belong to. */
export interface WiresOwner {
  /** Defined while nothing more may be taken on. */
  readonly congestion: Promise<void> | undefined;
  /** Takes what is to be asked, logged and ended; its bytes are on their way. */
  performed(output: RelayOutput): void;
  /** Ends the connection to upstream. */
  discard(upstream: Upstream): void;
}

/** What carries an HTTP/2 connection. */
export interface Carriers {
  /** Carries the client's plain text. */
  client: Stream;
  /** The client's own socket. */
  wire: Stream;
  upstream: Upstream | undefined;
}

/** Moves bytes between a relay and its two connections. */
export class Http2Wires {
  readonly writer: StreamWriter;
  readonly #client: WriteQueue;
  readonly #upstream: WriteQueue | NoUpstream;
  #changed = Promise.withResolvers<void>();
  #closing: Promise<void> | undefined;
  /** A mistake of this program, met where nobody waited. */
  #fault: unknown;

  constructor(readonly relay: Relay, readonly carriers: Carriers, readonly owner: WiresOwner) {
    const { client, upstream } = carriers;
    this.writer = new StreamWriter(client, () => this.cut());
    this.#client = new WriteQueue(this.writer);
    this.#upstream = upstream ? new WriteQueue(upstream.writer) : new NoUpstream();
  }

  /**
   * Moves bytes until the connection is over.
   *
   * @throws what {@link Http2Wires.spawn} was given and failed
   */
  async run(): Promise<void> {
    const { client, upstream } = this.carriers;
    await Promise.all([
      this.#pump("client", client),
      upstream && this.#pump("upstream", upstream.stream),
    ]);
    await this.#closing;
    if (this.#fault !== undefined) throw this.#fault;
  }

  /** Carries out what the relay wants. Resolves once this output's bytes are written. */
  async perform(output: RelayOutput): Promise<void> {
    const written = [
      output.toClient && this.#write("client", this.#client, output.toClient),
      output.toUpstream && this.#toUpstream(output.toUpstream),
    ];
    this.owner.performed(output);
    if (output.close) this.#close(written);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    await Promise.all(written);
  }

  /** What is not waited for must still not fail unseen: the connection ends with it. */
  spawn(work: Promise<void>): void {
    work.catch((error) => {
      this.#fault ??= error;
      this.cut();
    });
  }

  /** Ends both connections at once. */
  cut(): void {
    closeQuietly(this.carriers.wire);
    closeQuietly(this.carriers.client);
    this.#closeUpstream();
  }

  async #pump(side: Side, from: Stream): Promise<void> {
    let buffer = new Uint8Array(SMALL_CHUNK);
    while (!this.relay.over) {
      const { wantsClient, wantsUpstream } = this.relay;
      if (!(side === "client" ? wantsClient : wantsUpstream)) {
        await this.#changed.promise;
        continue;
      }
      if (side === "client") await this.owner.congestion;
      const count = await this.#read(side, from, buffer);
      if (count === null) break;
      const bytes = buffer.subarray(0, count);
      await this.perform(
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
      while (await this.carriers.client.read(buffer) !== null);
    } catch (error) {
      if (!isConnectionError(error)) throw error;
    }
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
    if (answer.length > 0) await this.perform(this.relay.fromUpstream(answer));
  }

  async #lostBy(side: Side, error: unknown): Promise<void> {
    if (!isConnectionError(error)) throw error;
    await this.#lost(side, `the ${side}'s connection broke: ${(error as Error).message}`);
  }

  async #lost(side: Side, message: string): Promise<void> {
    if (!this.relay.over) await this.perform(this.relay.lost(side, message));
  }

  #close(written: unknown[]): void {
    this.#closing = Promise.all(written).then(async () => {
      this.#closeUpstream();
      await endQuietly(this.carriers.client);
    });
  }

  #closeUpstream(): void {
    const { upstream } = this.carriers;
    if (upstream) this.owner.discard(upstream);
  }
}
