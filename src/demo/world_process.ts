/**
 * The world's process, seen from the one that started it.
 *
 * @module
 */

import { TextLineStream } from "./lines.ts";
import type { Received } from "./received.ts";
import { sourcePath } from "./root.ts";
import type { Boot, WorldMessage } from "./world/messages.ts";

/** Bundled by the launcher; a release has no sources. */
const BUNDLE = Deno.env.get("EGRESS_BUNDLE");
const ENTRY = BUNDLE ? `${BUNDLE}/world.js` : sourcePath("src/demo/world/main.ts");

/** The servers ended before they were asked to. */
export class WorldLostError extends Error {
  override name = "WorldLostError";
  /** @param status Exit status of the process. */
  constructor(readonly status: number) {
    super(`the servers of the demo's internet ended with ${status}; see their messages above`);
  }
}

/** All servers of an instance, in one process inside the world's network namespace. */
export class WorldProcess {
  /** Everything received so far, in order. */
  readonly received: Received[] = [];
  /** Waiters look again whenever something new was said. */
  #watchers = new Set<() => void>();
  #ready = false;
  #synced = 0;
  #syncs = 0;
  #ended?: number;
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#stdin = child.stdin.getWriter();
    void this.#listen();
  }

  /**
   * Starts the servers and waits until all of them listen.
   *
   * @param namespace Network namespace, by name.
   * @throws {WorldLostError} When a server cannot start.
   */
  static async start(namespace: string, boot: Boot): Promise<WorldProcess> {
    const child = new Deno.Command("nsenter", {
      args: [
        ...[
          `--net=/run/netns/${namespace}`,
          Deno.execPath(),
          "run",
          "--no-prompt",
          "--no-config",
          "--quiet",
        ],
        ...["--no-remote", "--unstable-net", "--allow-net", "--allow-run=git", ENTRY],
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const world = new WorldProcess(child);
    try {
      await world.#say(boot);
      await world.#when(() => world.#ready);
    } catch (error) {
      await world.stop();
      throw error;
    }
    return world;
  }

  /** Process id of the servers. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Waits until something has been received that fits. */
  async until<T extends Received>(
    fits: (received: Received) => received is T,
  ): Promise<T>;
  async until(fits: (received: Received) => boolean): Promise<Received>;
  async until(fits: (received: Received) => boolean): Promise<Received> {
    await this.#when(() => this.received.some(fits));
    const found = this.received.find(fits);
    if (!found) throw new Error("the records shrank while they were waited for");
    return found;
  }

  /** Waits until everything that has reached a server's socket by now has been reported. */
  async settle(): Promise<void> {
    const mine = ++this.#syncs;
    await this.#say({ sync: mine });
    await this.#when(() => this.#synced >= mine);
  }

  /** Ends the process and waits for its end. Idempotent. */
  async stop(): Promise<void> {
    if (this.#ended === undefined) this.#child.kill("SIGKILL");
    await this.#child.status;
  }

  async #say(message: unknown): Promise<void> {
    await this.#stdin.write(new TextEncoder().encode(JSON.stringify(message) + "\n"));
  }

  async #listen(): Promise<void> {
    const lines = this.#child.stdout
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    for await (const line of lines) {
      const message: WorldMessage = JSON.parse(line);
      if ("received" in message) this.received.push(message.received);
      else if ("synced" in message) this.#synced = message.synced;
      else this.#ready = true;
      this.#wake();
    }
    this.#ended = (await this.#child.status).code;
    this.#wake();
  }

  #wake(): void {
    for (const look of [...this.#watchers]) look();
  }

  #when(holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (holds()) resolve();
        else if (this.#ended !== undefined) reject(new WorldLostError(this.#ended));
        else return;
        this.#watchers.delete(look);
      };
      this.#watchers.add(look);
      look();
    });
  }
}
