/**
 * Ends clients' TLS. Deno can make a TLS server of a listener only, not of a connection, so the
 * front relays the client's bytes over loopback to a listener that has the leaf of that host.
 *
 * @module
 */

import type { Leaf, Minter } from "../certs/minter.ts";
import { acceptAll } from "../io/accept.ts";
import { closeQuietly } from "../io/stream.ts";
import { within } from "../io/time_limit.ts";
import type { Watchdog, Watched } from "../io/watchdog.ts";

/** Both ends of the loopback hop. */
export interface Hop {
  /** The front's end: carries TLS records. */
  wire: Deno.TcpConn;
  /** The terminator's end: plain text, once the handshake is done. */
  plain: Deno.TlsConn;
}

const LOOPBACK = "127.0.0.1";
const MATCH_MS = 5000;
const MAX_LISTENERS = 512;
const MAX_STRANGERS = 256;

interface Listener {
  leaf: Leaf;
  socket: Deno.TlsListener;
  port: number;
  /** Hops that are being made: it must not be closed under them. */
  pending: number;
  /** Another leaf took its place: it is closed with the last hop that is being made. */
  replaced: boolean;
}

/** An accepted connection that no hop has claimed yet: ours, or a stranger's. */
class Unclaimed implements Watched {
  deadline = Date.now() + MATCH_MS;
  constructor(readonly conn: Deno.TlsConn, readonly expire: () => void) {}
}

/** Listeners by host and protocols, and the hops through them. */
export class Terminator {
  readonly #listeners = new Map<string, Listener>();
  readonly #waiting = new Map<string, (conn: Deno.TlsConn) => void>();
  readonly #unclaimed = new Map<string, Unclaimed>();

  constructor(readonly minter: Minter, readonly watchdog: Watchdog) {}

  /**
   * Makes a hop to a TLS server that shows the leaf of `host`.
   *
   * @param alpn the protocols of that server, the preferred one first; none: it has no opinion
   * @throws {TooSlow | Deno.errors} if this process is out of sockets or time
   */
  async open(host: string, alpn: readonly string[]): Promise<Hop> {
    const listener = this.#listener(host, this.minter.leaf(host), alpn);
    listener.pending++;
    let wire: Deno.TcpConn | undefined;
    let key = "";
    try {
      wire = await Deno.connect({ hostname: LOOPBACK, port: listener.port });
      wire.setNoDelay(true);
      key = `${listener.port}:${(wire.localAddr as Deno.NetAddr).port}`;
      return { wire, plain: await within(this.#claim(key), MATCH_MS, closeQuietly) };
    } catch (error) {
      this.#waiting.delete(key);
      closeQuietly(wire);
      throw error;
    } finally {
      listener.pending--;
      if (listener.replaced && listener.pending === 0) listener.socket.close();
    }
  }

  #claim(key: string): Promise<Deno.TlsConn> {
    const unclaimed = this.#unclaimed.get(key);
    if (!unclaimed) return new Promise((resolve) => this.#waiting.set(key, resolve));
    this.#unclaimed.delete(key);
    this.watchdog.delete(unclaimed);
    return Promise.resolve(unclaimed.conn);
  }

  #listener(host: string, leaf: Leaf, alpn: readonly string[]): Listener {
    const name = `${host} ${alpn}`;
    const known = this.#listeners.get(name);
    this.#listeners.delete(name);
    if (known?.leaf === leaf) {
      this.#listeners.set(name, known); // the map's order is that of last use
      return known;
    }
    if (known) {
      known.replaced = true;
      if (known.pending === 0) known.socket.close();
    }
    const socket = Deno.listenTls({
      hostname: LOOPBACK,
      port: 0,
      cert: leaf.cert,
      key: leaf.key,
      alpnProtocols: [...alpn],
    });
    const port = (socket.addr as Deno.NetAddr).port;
    const listener = { leaf, socket, port, pending: 0, replaced: false };
    acceptAll(socket, (conn) => {
      this.#accepted(`${port}:${(conn.remoteAddr as Deno.NetAddr).port}`, conn);
    });
    this.#listeners.set(name, listener);
    this.#evict();
    return listener;
  }

  #evict(): void {
    for (const [name, listener] of this.#listeners) {
      if (this.#listeners.size <= MAX_LISTENERS) return;
      if (listener.pending > 0) continue;
      this.#listeners.delete(name);
      listener.socket.close();
    }
  }

  /** Anyone on this machine can connect to the listener: only a hop's own port is served. */
  #accepted(key: string, conn: Deno.TlsConn): void {
    const waiting = this.#waiting.get(key);
    if (waiting) {
      this.#waiting.delete(key);
      return waiting(conn);
    }
    if (this.#unclaimed.size >= MAX_STRANGERS) return closeQuietly(conn);
    const unclaimed = new Unclaimed(conn, () => {
      this.#unclaimed.delete(key);
      this.watchdog.delete(unclaimed);
      closeQuietly(conn);
    });
    this.#unclaimed.set(key, unclaimed);
    this.watchdog.add(unclaimed);
  }
}
