/**
 * One request: what it asks for, what the policy said, and its line in the log.
 *
 * @module
 */

import type { DenyReason, LogEvent, Verdict } from "../../protocol/mod.ts";
import type { Framing } from "../layers/http1_framing.ts";
import type { RequestHead } from "../layers/http1_head.ts";
import { blockText } from "../layers/pages.ts";
import { type Target, urlOf, withoutQuery } from "../layers/request_target.ts";
import type { Upstream } from "../upstream/pool.ts";
import type { HttpSession } from "./http_session.ts";

/** The sending of one request's body to upstream. */
export interface Upload {
  /** Resolves when the body is sent, or cannot be sent. */
  finished: Promise<void>;
  done: boolean;
  error?: unknown;
}

/** A request that could be parsed. */
export class Request {
  readonly started = Date.now();
  readonly url: string;
  /** What the policy said. */
  verdict: Verdict | undefined;
  /** The connection that serves it, and what is being sent on it. */
  upstream: Upstream | undefined;
  upload: Upload | undefined;

  constructor(
    readonly session: HttpSession,
    readonly head: RequestHead,
    readonly target: Target,
    readonly framing: Framing,
    /** The client wants to keep the connection. */
    readonly keepAlive: boolean,
  ) {
    const { scheme } = session.start;
    this.url = urlOf(scheme, target.host, session.connection.flow.dst_port, target.path);
  }

  /** Whether nothing follows the head. */
  get bodiless(): boolean {
    return this.framing.kind === "none" ||
      (this.framing.kind === "length" && this.framing.length === 0);
  }

  /** The URL as it may be shown. */
  get shownUrl(): string {
    return this.session.connection.proxy.settings.logQueries ? this.url : withoutQuery(this.url);
  }

  /** The request's log line. */
  event(fields: Partial<LogEvent> = {}): LogEvent {
    const { connection, start, address } = this.session;
    return connection.event(start.scheme, this.verdict, {
      dst_ip: address,
      host: this.target.host,
      method: this.head.method,
      url: this.shownUrl,
      alpn: start.alpn,
      insecure: this.verdict?.insecure || undefined,
      ...fields,
    });
  }

  /** Writes the request's log line. */
  log(fields: Partial<LogEvent>): void {
    const { connection } = this.session;
    connection.proxy.supervisor.log(this.event(fields), connection.id);
  }

  /**
   * Logs the denial and answers it.
   *
   * @returns whether the connection goes on
   */
  async refuse(verdict: Verdict, status = 403): Promise<boolean> {
    this.verdict = verdict;
    const text = blockText({
      method: this.head.method,
      url: withoutQuery(this.url),
      process: this.session.connection.process,
      hint: verdict.hint,
      why: verdict.reason && WHY[verdict.reason],
    });
    this.log({ dst_ip: this.session.connection.flow.dst_ip, status });
    return await this.session.respond(this, status, text);
  }
}

/** What to tell where a new rule is not the answer. */
const WHY: Partial<Record<DenyReason, string>> = {
  host_mismatch: "The request is for another host than its connection",
  unresolved_destination: "No lookup of this name gave the address that it was sent to",
  doh: "DNS over HTTPS hides lookups from the policy; a URL rule for this path allows it",
  unavailable: "This connection cannot be served at the moment",
  log_failed: "The connection log cannot be written, and nothing may pass unlogged",
};
