/**
 * A real HTTP/2 server and client, and the role between them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { ALLOW, Role, type World } from "./harness.ts";
import { leafFor, UPSTREAM_CA } from "./upstream.ts";

/** Name of the server. */
export const HOST = "a.example";

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** One request of the client, all of which it sends at once. */
export interface Wanted {
  method?: string;
  path: string;
  /** Bytes of body. */
  size?: number;
  headers?: Record<string, string>;
}

/** What the client got. */
export interface Got {
  status: number;
  size: number;
  text: string;
  trailers?: Record<string, string>;
  error?: string;
  /** Error code that the stream ended with; 0: none. */
  code: number;
}

/** An HTTP/2 server of Node's, in a process of its own. */
export class Http2Server implements AsyncDisposable {
  private constructor(
    readonly port: number,
    readonly child: Deno.ChildProcess,
    readonly folder: string,
  ) {}

  /**
   * Starts it and waits until it listens.
   *
   * @param program given the files of certificate and key; says its port
   */
  static async start(program = file("http2_server.cjs")): Promise<Http2Server> {
    const folder = await Deno.makeTempDir();
    const { cert, key } = await leafFor(HOST);
    await Deno.writeTextFile(`${folder}/cert.pem`, cert);
    await Deno.writeTextFile(`${folder}/key.pem`, key);
    const child = new Deno.Command("node", {
      args: [program, `${folder}/cert.pem`, `${folder}/key.pem`],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    return new Http2Server(Number(new TextDecoder().decode(value)), child, folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.child.status;
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Node's HTTP/2 client, in a process of its own, with one connection. */
class Http2Client implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(role: Role, authority: string) {
    this.#child = new Deno.Command("node", {
      args: [file("http2_client.cjs"), String(role.frontPort), authority, role.caFile],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#output = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  async send(wanted: Wanted[]): Promise<Got[]> {
    await this.#input.write(new TextEncoder().encode(JSON.stringify(wanted) + "\n"));
    while (!this.#text.includes("\n")) {
      const { value } = await this.#output.read();
      assert.ok(value !== undefined, "the client has ended");
      this.#text += value;
    }
    const end = this.#text.indexOf("\n");
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return JSON.parse(line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close();
    await this.#output.cancel();
    await this.#child.status;
  }
}

/** What a test works with. */
export interface Scene {
  role: Role;
  server: Http2Server;
  /** `https://host:port` of the server. */
  origin: string;
  /** Sends requests at once, over the one connection of a client that speaks HTTP/2 alone. */
  send(wanted: Wanted[]): Promise<Got[]>;
}

/** Runs a test with a server and the role before it. */
export async function withHttp2(
  world: Partial<World>,
  test: (scene: Scene) => Promise<void>,
): Promise<void> {
  await using server = await Http2Server.start();
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: server.port },
    judge: () => ALLOW,
    boot: { upstreamCas: [UPSTREAM_CA] },
    ...world,
  });
  const authority = `${HOST}:${role.world.destination.port}`;
  await using client = new Http2Client(role, authority);
  await test({
    role,
    server,
    origin: `https://${authority}`,
    send: (wanted) => client.send(wanted),
  });
}
