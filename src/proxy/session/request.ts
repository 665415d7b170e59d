/**
 * One HTTP/1.1 request.
 *
 * @module
 */

import type { Verdict } from "../../protocol/mod.ts";
import type { Framing } from "../layers/http1_framing.ts";
import type { RequestHead } from "../layers/http1_head.ts";
import type { Target } from "../layers/request_target.ts";
import type { Upstream } from "../upstream/pool.ts";
import { Asked } from "./asked.ts";
import type { HttpSession } from "./http_session.ts";

/** The sending of one request's body to upstream. */
export interface Upload {
  /** Resolves when the body is sent, or cannot be sent. */
  finished: Promise<void>;
  done: boolean;
  error?: unknown;
}

/** A request that could be parsed. */
export class Request extends Asked<HttpSession> {
  /** The connection that serves it, and what is being sent on it. */
  upstream: Upstream | undefined;
  upload: Upload | undefined;

  constructor(
    session: HttpSession,
    readonly head: RequestHead,
    readonly target: Target,
    readonly framing: Framing,
    /** The client wants to keep the connection. */
    readonly keepAlive: boolean,
  ) {
    super(session, { method: head.method, target, headers: head.headers });
  }

  /** Whether nothing follows the head. */
  get bodiless(): boolean {
    return this.framing.kind === "none" ||
      (this.framing.kind === "length" && this.framing.length === 0);
  }

  /**
   * Logs the denial and answers it.
   *
   * @returns whether the connection goes on
   */
  async refuse(verdict: Verdict, status = 403): Promise<boolean> {
    return await this.session.respond(this, status, this.deny(verdict, status));
  }
}
