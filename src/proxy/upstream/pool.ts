/**
 * Upstream connections, and those among them that may serve another request.
 *
 * @module
 */

import { StreamReader } from "../io/reader.ts";
import { closeQuietly, type Stream } from "../io/stream.ts";
import type { Watchdog, Watched } from "../io/watchdog.ts";
import { StreamWriter } from "../io/writer.ts";

/** ALPN name of HTTP/2 (RFC 9113 section 3.2). */
export const HTTP2 = "h2";
/** ALPN name of HTTP/1.1 (RFC 7301 section 6). */
export const HTTP1 = "http/1.1";

const IDLE_MS = 30_000;
const MAX_IDLE = 1024;
const MAX_IDLE_PER_KEY = 64;

/** One upstream connection, in use or idle. */
export class Upstream implements Watched {
  readonly reader: StreamReader;
  readonly writer: StreamWriter;
  deadline = Infinity;
  /** It has served a request before: its server may have closed it meanwhile. */
  reused = false;
  idle = false;

  /**
   * @param key who may use it, and for what
   * @param address where it leads
   * @param alpn the protocol that upstream chose; HTTP/1.1 if absent
   */
  constructor(
    readonly stream: Stream,
    readonly key: string,
    readonly address: string,
    readonly alpn?: string,
  ) {
    this.reader = new StreamReader(stream);
    this.writer = new StreamWriter(stream, () => this.close());
  }

  /** Nothing has come, or gone wrong, since its last response. */
  get usable(): boolean {
    const { size, ended, error } = this.reader;
    return size === 0 && !ended && error === undefined;
  }

  /** Called by the watchdog when it was idle for too long. */
  expire(): void {
    this.close();
  }

  /** Ends it. */
  close(): void {
    closeQuietly(this.stream);
  }
}

/**
 * Idle connections by key. A key names the client's process, so that what one process made of a
 * connection (authentication bound to it, for instance) never serves another.
 */
export class UpstreamPool {
  readonly #idle = new Map<string, Upstream[]>();
  #count = 0;

  constructor(readonly watchdog: Watchdog) {}

  /** Wraps a new connection. */
  adopt(stream: Stream, key: string, address: string, alpn?: string): Upstream {
    const upstream = new Upstream(stream, key, address, alpn);
    this.watchdog.add(upstream.writer);
    return upstream;
  }

  /** Takes an idle connection, the most recently used first. */
  take(key: string): Upstream | undefined {
    const upstream = this.#idle.get(key)?.at(-1);
    if (!upstream) return undefined;
    this.#remove(upstream);
    upstream.reused = true;
    return upstream;
  }

  /**
   * Gives back a connection whose last response was read to its end, and that may be reused. One that
   * speaks HTTP/2 belongs to one client connection and ends with it.
   */
  release(upstream: Upstream): void {
    const idle = this.#idle.get(upstream.key) ?? [];
    if (
      !upstream.usable || upstream.alpn === HTTP2 || this.#count >= MAX_IDLE ||
      idle.length >= MAX_IDLE_PER_KEY
    ) {
      return this.discard(upstream);
    }
    idle.push(upstream);
    this.#idle.set(upstream.key, idle);
    this.#count++;
    upstream.idle = true;
    upstream.deadline = Date.now() + IDLE_MS;
    this.watchdog.add(upstream);
    // Whatever comes while it is idle is no response: an end, a failure, or an answer to nothing.
    upstream.reader.prefetch(() => {
      if (!upstream.idle) return;
      this.#remove(upstream);
      this.discard(upstream);
    });
  }

  /** Ends a connection that is in use. */
  discard(upstream: Upstream): void {
    this.watchdog.delete(upstream.writer);
    upstream.close();
  }

  /** Ends all idle connections. */
  clear(): void {
    for (const list of [...this.#idle.values()]) {
      for (const upstream of [...list]) {
        this.#remove(upstream);
        this.discard(upstream);
      }
    }
  }

  #remove(upstream: Upstream): void {
    const idle = this.#idle.get(upstream.key);
    const at = idle?.indexOf(upstream) ?? -1;
    if (!idle || at < 0) return;
    idle.splice(at, 1);
    if (idle.length === 0) this.#idle.delete(upstream.key);
    this.#count--;
    upstream.idle = false;
    upstream.deadline = Infinity;
    this.watchdog.delete(upstream);
  }
}
