/**
 * What requests of every HTTP version have in common: what is asked for, what the policy said, and the
 * line in the log.
 *
 * @module
 */

import type { DenyReason, LogEvent, TokenOwner, Verdict } from "../../protocol/mod.ts";
import type { Header } from "../layers/http1_head.ts";
import { blockText } from "../layers/pages.ts";
import { type Target, urlOf, withoutQuery } from "../layers/request_target.ts";
import type { BadPackage } from "../security/package_guard.ts";
import type { Connection } from "./connection.ts";
import type { HeldVerdict } from "./held_verdict.ts";
import type { SessionStart } from "./session_start.ts";

/** The session that a request came on. */
export interface AskingSession {
  readonly connection: Connection;
  readonly start: SessionStart;
  /** Address that upstream is dialled at. */
  readonly address: string;
  readonly held: HeldVerdict;
}

/** The parts of a request that the policy and the log are about. */
export interface Question {
  method: string;
  target: Target;
  headers: readonly Header[];
}

/** A request that could be parsed. */
export class Asked<Session extends AskingSession = AskingSession> {
  readonly started = Date.now();
  readonly url: string;
  /** What the policy said. */
  verdict: Verdict | undefined;
  /** The package that it must not have. */
  badPackage: BadPackage | undefined;
  /** Whose credentials it carries; undefined: nobody looked. */
  token: TokenOwner | undefined;

  constructor(readonly session: Session, readonly question: Question) {
    const { start, connection } = session;
    const { host, path } = question.target;
    this.url = urlOf(start.scheme, host, connection.flow.dst_port, path);
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
      host: this.question.target.host,
      method: this.question.method,
      url: this.shownUrl,
      alpn: start.alpn,
      insecure: this.verdict?.insecure || undefined,
      github_token: this.token === "job" || undefined,
      ...(this.badPackage && { security_block: true, ...this.badPackage }),
      ...fields,
    });
  }

  /** Name under which the request is announced while it lasts. */
  get openId(): string {
    return this.session.connection.id;
  }

  /** Writes the request's log line. */
  log(fields: Partial<LogEvent>): void {
    this.session.connection.proxy.supervisor.log(this.event(fields), this.openId);
  }

  /**
   * Logs that the request is denied.
   *
   * @returns the text to answer it with
   */
  deny(verdict: Verdict, status: number): string {
    this.verdict = verdict;
    this.log({ dst_ip: this.session.connection.flow.dst_ip, status });
    return blockText({
      method: this.question.method,
      url: withoutQuery(this.url),
      process: this.session.connection.process,
      hint: verdict.hint,
      why: this.#why(verdict.reason),
    });
  }

  /** Why it is denied, where a new rule is not the answer. */
  #why(reason: DenyReason | undefined): string | undefined {
    if (reason !== "package_security" || !this.badPackage) return reason && WHY[reason];
    const { purl, reasons } = this.badPackage;
    return `The package ${purl} is refused by --package-security: ${reasons.join(", ")}`;
  }
}

/** What to tell where a new rule is not the answer. */
const WHY: Partial<Record<DenyReason, string>> = {
  host_mismatch: "The request is for another host than its connection",
  unresolved_destination: "No lookup of this name gave the address that it was sent to",
  token_required:
    "The rule for it lets requests through that carry the job's own token and no other",
  foreign_token: "It carries another token than the job's own, which --foreign-tokens deny refuses",
  doh: "DNS over HTTPS hides lookups from the policy; a URL rule for this path allows it",
  unavailable: "This connection cannot be served at the moment",
  log_failed: "The connection log cannot be written, and nothing may pass unlogged",
};
