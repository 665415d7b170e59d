/**
 * Upstream servers that a test scripts byte by byte, and the CA that vouches for them.
 *
 * @module
 */

import { type Authority, loadCa, makeCa } from "../../src/proxy/certs/ca.ts";
import { Minter } from "../../src/proxy/certs/minter.ts";
import { writeAll } from "./harness.ts";

const ca = await makeCa();
/** What signs their certificates. */
export const authority: Authority = await loadCa(ca);
const minter = new Minter(authority);

/** CA of the upstream servers, PEM. */
export const UPSTREAM_CA = ca.certPem;

/** A certificate of that CA, and its key; PEM. */
export function leafFor(host: string): { cert: string; key: string } {
  return minter.leaf(host);
}

/** One connection to a scripted server. */
export interface Peer {
  conn: Deno.Conn;
  /** Reads until `end` was seen; gives everything up to and with it. */
  until(end: string): Promise<string>;
  /** Reads `count` bytes. */
  exactly(count: number): Promise<string>;
  /** Sends text, one byte a character. */
  send(text: string): Promise<void>;
}

/** A server that runs one script per connection. */
export class Upstream implements Disposable {
  /** Connections accepted so far. */
  accepted = 0;
  readonly port: number;
  readonly #conns = new Set<Deno.Conn>();

  constructor(
    readonly listener: Deno.Listener | Deno.TlsListener,
    readonly script: (peer: Peer) => Promise<void>,
  ) {
    this.port = (listener.addr as Deno.NetAddr).port;
    this.#run();
  }

  /** A TLS server with a certificate for `host`. */
  static tls(host: string, script: (peer: Peer) => Promise<void>): Upstream {
    return Upstream.tlsWith(minter.leaf(host), script);
  }

  /** A TLS server with any certificate. */
  static tlsWith(
    { cert, key }: { cert: string; key: string },
    script: (peer: Peer) => Promise<void>,
  ): Upstream {
    const options = { hostname: "0.0.0.0", port: 0, cert, key, alpnProtocols: ["http/1.1"] };
    return new Upstream(Deno.listenTls(options), script);
  }

  /** A plain TCP server. */
  static tcp(script: (peer: Peer) => Promise<void>): Upstream {
    return new Upstream(Deno.listen({ hostname: "127.0.0.1", port: 0 }), script);
  }

  [Symbol.dispose](): void {
    close(this.listener);
    for (const conn of this.#conns) close(conn);
  }

  async #run(): Promise<void> {
    for await (const conn of this.listener) {
      this.accepted++;
      this.#conns.add(conn);
      // A script that fails ends its connection, which the test notices at the other end.
      this.script(peerOf(conn)).catch(() => {}).finally(() => {
        close(conn);
        this.#conns.delete(conn);
      });
    }
  }
}

/** Wraps a connection for scripting. */
export function peerOf(conn: Deno.Conn): Peer {
  const buffer = new Uint8Array(65536);
  let have = "";
  const take = async (enough: () => number): Promise<string> => {
    for (;;) {
      const end = enough();
      if (end >= 0) {
        const out = have.slice(0, end);
        have = have.slice(end);
        return out;
      }
      const count = await conn.read(buffer);
      if (count === null) throw new Error(`ended after ${JSON.stringify(have)}`);
      for (const byte of buffer.subarray(0, count)) have += String.fromCharCode(byte);
    }
  };
  return {
    conn,
    until: (end) =>
      take(() => {
        const at = have.indexOf(end);
        return at < 0 ? -1 : at + end.length;
      }),
    exactly: (count) => take(() => have.length >= count ? count : -1),
    send: (text) => writeAll(conn, Uint8Array.from(text, (c) => c.charCodeAt(0))),
  };
}

function close(conn: { close(): void }): void {
  try {
    conn.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** A script that answers every request with its request line as the body. */
export async function echoLine(peer: Peer): Promise<void> {
  for (;;) {
    const head = await peer.until("\r\n\r\n");
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    const body = await peer.exactly(length);
    const text = head.split("\r\n")[0]! + (body ? ` [${body}]` : "");
    await peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
  }
}

/** A script that sends back what it gets. */
export async function echo({ conn, send }: Peer): Promise<void> {
  const buffer = new Uint8Array(100);
  for (;;) {
    const count = await conn.read(buffer);
    if (count === null) return;
    await send(String.fromCharCode(...buffer.subarray(0, count)));
  }
}
