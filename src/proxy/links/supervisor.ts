/**
 * The proxy's end of `supervisor.sock`: log lines out, orders in.
 *
 * @module
 */

import {
  type ClosedReason,
  type Frame,
  FrameKind,
  type LayerEntry,
  type LogEvent,
  type PackageAnswer,
  type ProxyStatus,
  type ProxyToSupervisor,
  type SharedLeaf,
  type SupervisorToProxy,
} from "../../protocol/mod.ts";
import { FrameLink, LinkError } from "./frame_link.ts";

/** What the supervisor may order. */
export interface Orders {
  revoke(audit: boolean | undefined): void;
  close(reason: ClosedReason): void;
  adopt(leaf: SharedLeaf): void;
  reopen(): void;
  drain(): Promise<void>;
  status(): ProxyStatus;
  /** What this process knows about a package, or learns. */
  packageAnswer(purl: string): Promise<PackageAnswer>;
}

/** The link to the supervisor, which is the log's only writer. */
export class SupervisorLink {
  #link: FrameLink | undefined;

  constructor(readonly orders: Orders) {}

  /**
   * Connects and says hello. When the supervisor ends, so does this process: nothing may go on
   * unlogged.
   *
   * @throws {Deno.errors} if the supervisor does not listen at `path`
   */
  async start(path: string, hello: { index: number; secret: string }): Promise<void> {
    this.#link = await FrameLink.connect(path, (frame) => this.#take(frame), () => Deno.exit(0));
    this.tell({ op: "hello", role: "proxy", ...hello });
  }

  /** Sends an event. */
  tell(message: ProxyToSupervisor): void {
    this.#link?.send(message);
  }

  /**
   * Writes a log line; with `conn`, also forgets what was announced as under way for it. Lines of what went well,
   * which are many, are gathered for a moment; a denial or failure is told at once.
   */
  log(event: LogEvent, conn?: string): void {
    const message: ProxyToSupervisor = conn === undefined
      ? { op: "log", event }
      : { op: "log", event, conn };
    if (event.policy === "allow" && event.error === undefined) this.#link?.sendSoon(message);
    else this.tell(message);
  }

  /** Hands over a playbook's entry. */
  record(conn: string, entry: LayerEntry): void {
    this.tell({ op: "record", conn, entry });
  }

  /** Announces something that is under way, so that it is logged even if this process dies. */
  open(conn: string, event: LogEvent): void {
    this.tell({ op: "open", conn, event });
  }

  /** What the first proxy knows about a package; undefined: it cannot be asked. */
  async packageAnswer(purl: string): Promise<PackageAnswer | undefined> {
    try {
      return await this.#link?.request({ op: "package", purl }) as PackageAnswer | undefined;
    } catch (error) {
      if (error instanceof LinkError) return undefined;
      throw error;
    }
  }

  /** Resolves once everything that was sent before is written. */
  async flushed(): Promise<void> {
    await this.#link?.drained();
  }

  /** Defined while log lines back up: wait for it before taking on more work. */
  get congestion(): Promise<void> | undefined {
    return this.#link?.congested ? this.#link.drained() : undefined;
  }

  #take(frame: Frame): void {
    const message = frame.body as SupervisorToProxy;
    switch (message.op) {
      case "revoke":
        return this.orders.revoke(message.audit);
      case "close":
        return this.orders.close(message.reason);
      case "leaf":
        return this.orders.adopt(message.leaf);
      case "reopen":
        return this.orders.reopen();
      case "drain":
        this.#drain(frame.id);
        return;
      case "package":
        this.#answerPackage(frame.id, message.purl);
        return;
      case "status":
        return this.#answer(frame.id, this.orders.status());
      default:
        if (frame.kind === FrameKind.request) this.#answer(frame.id, { error: "unknown op" });
    }
  }

  async #drain(id: number): Promise<void> {
    await this.orders.drain();
    await this.flushed();
    this.#answer(id, { ok: true });
  }

  async #answerPackage(id: number, purl: string): Promise<void> {
    this.#answer(id, await this.orders.packageAnswer(purl));
  }

  #answer(id: number, body: unknown): void {
    this.#link?.send(body, FrameKind.response, id);
  }
}
