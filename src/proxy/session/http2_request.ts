/**
 * One HTTP/2 request.
 *
 * @module
 */

import type { LogEvent } from "../../protocol/mod.ts";
import type { Question as StreamQuestion, StreamEnd } from "../layers/http2/mod.ts";
import { Asked } from "./asked.ts";
import type { Http2Session } from "./http2_session.ts";

/** A request that takes longer is announced to the supervisor before it ends. */
const ANNOUNCE_MS = 1000;

/** A stream that is judged, or under way. */
export class Http2Request extends Asked<Http2Session> {
  readonly stream: number;
  /** It was answered from here, and logged with that. */
  answered = false;
  /** How it ended, if that was before it was judged. */
  end: Partial<LogEvent> | undefined;
  #announced = false;

  constructor(session: Http2Session, asked: StreamQuestion) {
    const { method, host, port, authority, path } = asked;
    super(session, {
      method,
      target: { host, authority, path, ...(port !== undefined && { port }) },
      headers: asked.headers.map(({ name, value }) => ({ name, lower: name, value })),
    });
    this.stream = asked.stream;
  }

  override get openId(): string {
    return `${this.session.connection.id}/${this.stream}`;
  }

  /** Makes a long request known. */
  tick(now: number): void {
    if (!this.verdict || this.#announced || now - this.started < ANNOUNCE_MS) return;
    this.#announced = true;
    this.session.connection.proxy.supervisor.open(this.openId, this.event());
  }

  /**
   * The stream has ended: its line is due, at once or with the verdict.
   *
   * @param why why the whole connection ended with it
   */
  ended(end: StreamEnd, why: string | undefined): void {
    this.end = {
      status: end.status,
      bytes_up: end.bytesUp,
      bytes_down: end.bytesDown,
      duration_ms: Date.now() - this.started,
      ...failureOf(end, why),
    };
    if (this.verdict && !this.answered) this.log(this.end);
  }
}

function failureOf(end: StreamEnd, why: string | undefined): Partial<LogEvent> | undefined {
  const { outcome, by, code, status, message } = end;
  if (outcome === "complete" || outcome === "refused") return undefined;
  // A server that needs no more of the request may say so (RFC 9113 section 8.1).
  if (outcome === "reset" && by === "upstream" && code === 0 && status !== undefined) {
    return undefined;
  }
  const reset = outcome === "reset" ? `the ${by} reset the stream with code ${code}` : undefined;
  return { error: "aborted", message: message ?? reset ?? why };
}
