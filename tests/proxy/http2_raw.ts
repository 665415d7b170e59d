/**
 * An HTTP/2 client that sends what it is told, frame by frame, and reads only when it is told.
 *
 * @module
 */

import { concat, fromLatin1 } from "../../src/proxy/layers/bytes.ts";
import { encodeSettings, PREFACE, type SettingEntry } from "../../src/proxy/layers/http2/frame.ts";
import { type List, type Received, TestPeer } from "../../src/proxy/layers/http2/testing/peer.ts";
import { type Role, writeAll } from "./harness.ts";
import { HOST } from "./http2_world.ts";

/** One connection through the role. */
export class RawHttp2 implements Disposable {
  readonly peer = new TestPeer(false);
  readonly #buffer = new Uint8Array(65536);

  private constructor(readonly conn: Deno.TlsConn, readonly authority: string) {}

  /** Connects, with a preface and settings. */
  static async connect(role: Role, settings: SettingEntry[] = []): Promise<RawHttp2> {
    const tcp = await Deno.connect({ hostname: "127.0.0.1", port: role.frontPort });
    const options = { hostname: HOST, caCerts: [role.ca.certPem], alpnProtocols: ["h2"] };
    const tls = await Deno.startTls(tcp, options);
    await tls.handshake();
    const raw = new RawHttp2(tls, `${HOST}:${role.world.destination.port}`);
    await raw.send(fromLatin1(PREFACE), encodeSettings(settings));
    return raw;
  }

  /** The head of a request to the server. */
  head(path: string, more: List = [], method = "GET"): List {
    const { authority } = this;
    return [
      [":method", method],
      [":scheme", "https"],
      [":authority", authority],
      [":path", path],
      ...more,
    ];
  }

  /** Sends frames. */
  async send(...frames: Uint8Array[]): Promise<void> {
    await writeAll(this.conn, concat(...frames));
  }

  /**
   * Reads until a stream has ended, or was reset.
   *
   * @throws {Error} if the connection ends before
   */
  async ended(stream: number): Promise<Received> {
    for (;;) {
      const got = this.peer.streams.get(stream);
      if (got?.ended || got?.reset !== undefined) return got;
      if (!await this.read()) throw new Error(`the connection ended: ${this.peer.control}`);
    }
  }

  /** Reads once; false at the end. */
  async read(): Promise<boolean> {
    const count = await this.conn.read(this.#buffer);
    if (count !== null) this.peer.receive(this.#buffer.subarray(0, count));
    return count !== null;
  }

  [Symbol.dispose](): void {
    this.conn.close();
  }
}
