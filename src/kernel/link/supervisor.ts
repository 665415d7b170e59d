/**
 * The link to the supervisor: the boot frame, then its orders; log lines the other way.
 *
 * @module
 */

import {
  type Frame,
  FrameKind,
  type KernelRelease,
  type KernelToSupervisor,
} from "../../protocol/mod.ts";
import { Kernel } from "../kernel.ts";
import { StartError } from "../start_error.ts";
import { bootMillis } from "../sys/clock.ts";
import type { Epoll } from "../sys/epoll.ts";
import { FrameChannel } from "./channel.ts";
import { parseBoot, parseOrder, parseRelease } from "./orders.ts";

/** Log lines that may wait for the supervisor, bytes; beyond it counts as gone. */
const BACKLOG = 16 * 1024 * 1024;
/** Last words may take this long, ms. */
const FLUSH_MS = 2000;

/** Starts the kernel's parts at the boot frame and drives them. */
export class SupervisorLink {
  /** Present from the boot frame on. */
  kernel: Kernel | undefined;
  readonly #epoll: Epoll;
  readonly #channel: FrameChannel;

  constructor(epoll: Epoll) {
    this.#epoll = epoll;
    this.#channel = new FrameChannel(epoll, 0, 1, BACKLOG, {
      frame: (frame) => this.#frame(frame),
      closed: () => this.#alone(),
    });
  }

  /** Says why nothing can go on, and ends the process; the pinned gate stays as it is. */
  fatal(error: unknown): never {
    const message = error instanceof Error ? error.message : String(error);
    const hint = error instanceof StartError ? error.hint : undefined;
    this.#tell({ op: "fatal", error: message, ...(hint !== undefined && { hint }) });
    this.#exit(1);
  }

  #frame(frame: Frame): void {
    if (!this.kernel) return this.#start(frame.body);
    const order = parseOrder(frame.body);
    if (!order) return this.#channel.respond(frame.id, { error: "unknown or incomplete order" });
    if (frame.kind !== FrameKind.request) return;
    if (order.op !== "stop") {
      return this.kernel.order(order, (body) => this.#channel.respond(frame.id, body));
    }
    this.kernel.stop();
    this.#channel.respond(frame.id, { ok: true });
    this.#exit(0);
  }

  #start(body: unknown): void {
    const release = parseRelease(body);
    if (release) return this.#release(release);
    try {
      const boot = parseBoot(body);
      if ("missing" in boot) {
        throw new StartError("boot", `boot frame: bad or missing ${boot.missing}`);
      }
      this.kernel = Kernel.start(boot, this.#epoll, {
        log: (event) => this.#tell({ op: "log", event }),
        engineLost: (reason) => this.#tell({ op: "engine-lost", reason }),
        control: (id, request, caller) => this.#tell({ op: "control", id, request, caller }),
      });
      const { authority } = this.kernel;
      this.kernel.open((error) => {
        if (error === undefined) {
          return this.#tell({ op: "ready", ...(authority && { authority }) });
        }
        this.fatal(new StartError("engine", `the engine did not start: ${error}`));
      });
    } catch (error) {
      this.fatal(error);
    }
  }

  #release(boot: KernelRelease): never {
    try {
      Kernel.release(boot);
    } catch (error) {
      this.fatal(error);
    }
    this.#tell({ op: "released" });
    this.#exit(0);
  }

  #tell(message: KernelToSupervisor): void {
    this.#channel.event(message);
  }

  /** The supervisor is gone: nobody logs any more, so nothing may pass. The pins stay. */
  #alone(): never {
    this.kernel?.setMode("closed");
    Deno.exit(this.kernel ? 0 : 1);
  }

  #exit(code: number): never {
    const end = bootMillis() + FLUSH_MS;
    while (this.#channel.backlog > 0 && bootMillis() < end) this.#epoll.wait(FLUSH_MS / 10);
    Deno.exit(code);
  }
}
