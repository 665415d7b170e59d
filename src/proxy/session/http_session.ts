/**
 * HTTP/1.1 with one client: its requests one after the other, each judged.
 *
 * @module
 */

import { StreamReader } from "../io/reader.ts";
import { closeQuietly, endQuietly, isConnectionError, type Stream } from "../io/stream.ts";
import type { Watched } from "../io/watchdog.ts";
import { StreamWriter } from "../io/writer.ts";
import { keepsAlive, requestFraming } from "../layers/http1_framing.ts";
import { HeadError, parseRequestHead } from "../layers/http1_head.ts";
import { encodePage } from "../layers/pages.ts";
import { readTarget } from "../layers/request_target.ts";
import type { Upstream } from "../upstream/pool.ts";
import { type Connection, refusal } from "./connection.ts";
import { exchange } from "./exchange.ts";
import { HeldVerdict } from "./held_verdict.ts";
import { judgeRequest } from "./judge_request.ts";
import type { Live } from "./proxy.ts";
import { readHead } from "./read_head.ts";
import { Request } from "./request.ts";
import { mustBeVerifiedNow, type SessionStart } from "./session_start.ts";

/** Milliseconds for a head to arrive once it has begun, and for a next request to begin. */
const HEAD_MS = 60_000;
const IDLE_MS = 120_000;
/** A connection that was refused is only kept for its first request, to say why. */
const REFUSED_MS = 5000;
/** How long, and for how many bytes, a closing connection reads on, so that no reset eats its page. */
const LINGER_MS = 2000;
const LINGER_BYTES = 4 * 1024 * 1024;
/** A request that takes longer is announced to the supervisor before it ends. */
const ANNOUNCE_MS = 1000;

/** One client connection that speaks HTTP/1.1. */
export class HttpSession implements Live, Watched {
  readonly reader: StreamReader;
  readonly writer: StreamWriter;
  deadline = Infinity;
  idle = true;
  /** The request that is under way. */
  request: Request | undefined;
  /** Address that upstream is dialled at. */
  address: string;
  /** A connection for the next request. */
  upstream: Upstream | undefined;
  readonly held: HeldVerdict;
  /** Requests begun. */
  count = 0;
  #announced = false;

  /**
   * @param client carries the plain text
   * @param wire the client's own socket; closing it without ending `client` shows a truncation
   */
  constructor(
    readonly connection: Connection,
    readonly client: Stream,
    readonly wire: Stream,
    readonly start: SessionStart,
  ) {
    this.reader = start.reader ?? new StreamReader(client);
    this.writer = new StreamWriter(client, () => this.abort());
    this.held = new HeldVerdict(connection.proxy.state);
    this.address = start.address;
    this.upstream = start.upstream;
  }

  /** Serves requests until the connection is over. */
  async run(): Promise<void> {
    const { live, watchdog, pool } = this.connection.proxy;
    live.add(this);
    watchdog.add(this);
    watchdog.add(this.writer);
    try {
      while (await this.#next());
    } catch (error) {
      this.abort();
      if (!isConnectionError(error)) throw error;
    } finally {
      live.delete(this);
      watchdog.delete(this);
      watchdog.delete(this.writer);
      if (this.upstream) pool.release(this.upstream);
      this.upstream = undefined;
      closeQuietly(this.client);
    }
  }

  /** Ends everything, so that the client sees that what it got is not whole. */
  abort(): void {
    closeQuietly(this.wire);
    closeQuietly(this.client);
    if (this.upstream) this.connection.proxy.pool.discard(this.upstream);
    this.upstream = undefined;
    this.request?.upstream?.close();
  }

  /** Neither an unverified upstream nor a request under way must outlive the rule that allowed it. */
  async rejudge(): Promise<void> {
    const { request, start } = this;
    if (await mustBeVerifiedNow(this.connection, start)) return this.abort();
    if (!request?.verdict?.pass) return;
    request.verdict = (await judgeRequest(request)).verdict;
    if (!request.verdict.pass && this.request === request) this.abort();
  }

  /** The watchdog: no request came in time. */
  expire(): void {
    closeQuietly(this.client);
    closeQuietly(this.wire);
  }

  /** The watchdog's scan: a long request is made known. */
  tick(now: number): void {
    const { request } = this;
    if (!request?.verdict || this.#announced || now - request.started < ANNOUNCE_MS) return;
    this.#announced = true;
    this.connection.proxy.supervisor.open(this.connection.id, request.event());
  }

  /**
   * Answers the client from here.
   *
   * @returns whether the connection goes on
   */
  async respond(request: Request | undefined, status: number, text: string): Promise<boolean> {
    const close = request === undefined || !request.bodiless || !request.keepAlive ||
      this.start.blocked !== undefined;
    await this.writer.write(
      encodePage({ status, text, close, head: request?.head.method === "HEAD" }),
    );
    if (close && !(request?.bodiless ?? false)) await this.linger();
    return !close;
  }

  /** Ends the sending side and reads on for a while, so that no reset overtakes what was sent. */
  async linger(): Promise<void> {
    this.deadline = Date.now() + LINGER_MS;
    await endQuietly(this.client);
    await this.request?.upload?.finished;
    let left = LINGER_BYTES;
    do {
      left -= this.reader.size;
      this.reader.consume(this.reader.size);
    } while (left > 0 && await this.reader.fill());
  }

  /** @returns whether another request may follow */
  async #next(): Promise<boolean> {
    const { proxy } = this.connection;
    await proxy.supervisor.congestion;
    this.deadline = Date.now() +
      (this.start.blocked ? REFUSED_MS : this.count === 0 ? HEAD_MS : IDLE_MS);
    const bytes = await readHead(this.reader, () => {
      this.idle = false;
      if (this.count > 0) this.deadline = Date.now() + HEAD_MS;
    });
    this.deadline = Infinity;
    if (bytes === undefined) return false;
    const request = bytes instanceof HeadError ? bytes : this.#parse(bytes);
    if (bytes instanceof Uint8Array) {
      proxy.tap?.request(this.connection.id, this.start.scheme, bytes, request);
    }
    if (request instanceof HeadError) return await this.#malformed(request);
    this.count++;
    proxy.state.requests++;
    this.request = request;
    this.#announced = false;
    try {
      return await exchange(this, request);
    } finally {
      this.request = undefined;
      this.idle = true;
    }
  }

  #parse(bytes: Uint8Array): Request | HeadError {
    const head = parseRequestHead(bytes);
    if (head instanceof HeadError) return head;
    const framing = requestFraming(head);
    if (framing instanceof HeadError) return framing;
    if (head.method === "CONNECT") return new HeadError("CONNECT is not relayed", 501, "method");
    const target = readTarget(head, this.start.scheme);
    if (target instanceof HeadError) return target;
    const keepAlive = keepsAlive(head.minor, head.headers);
    return new Request(this, head, target, framing, keepAlive);
  }

  async #malformed(error: HeadError): Promise<boolean> {
    this.count++;
    const verdict = this.start.blocked ?? refusal(error.reason, false);
    this.connection.log(this.start.scheme, verdict, {
      host: this.start.host,
      status: error.status,
      message: error.message,
    });
    const text = `Blocked by egress: ${error.message}. ` +
      "Only requests that every server reads in the same way are relayed.\n";
    return await this.respond(undefined, error.status, text);
  }
}
