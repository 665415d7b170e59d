/**
 * Passes a response on to the client.
 *
 * @module
 */

import type { LogEvent } from "../../protocol/mod.ts";
import { isConnectionError } from "../io/stream.ts";
import { type Framing, keepsAlive, responseFraming } from "../layers/http1_framing.ts";
import { HeadError, type ResponseHead, valuesOf } from "../layers/http1_head.ts";
import { buildResponseHead } from "../layers/http1_rebuild.ts";
import { UpstreamError } from "../upstream/dial.ts";
import type { Upstream } from "../upstream/pool.ts";
import { BodyError, copyBody } from "./copy_body.ts";
import type { HttpSession } from "./http_session.ts";
import type { Request } from "./request.ts";

/** How a response ended. */
export interface Outcome {
  /** The client's connection ends now. */
  close: boolean;
  /** The response broke off: the client must see that it is not whole. */
  broken: boolean;
  /** Upstream's connection can serve another request. */
  reusable: boolean;
  /** For the log. */
  fields: Partial<LogEvent>;
}

/** Passes a 1xx response on. */
export async function forwardInterim(session: HttpSession, head: ResponseHead): Promise<void> {
  await session.writer.write(buildResponseHead(head, { framing: { kind: "none" }, close: false }));
}

/**
 * Passes a final response on, head and body.
 *
 * @param uploaded whether the request's body has been sent; if not, the connection ends after this
 * @throws {UpstreamError} if the head has no clear framing; nothing has been sent then
 * @throws connection errors of the client
 */
export async function deliver(
  session: HttpSession,
  request: Request,
  upstream: Upstream,
  response: ResponseHead,
  uploaded: boolean,
): Promise<Outcome> {
  const framing = responseFraming(response, request.head.method);
  if (framing instanceof HeadError) {
    session.connection.proxy.pool.discard(upstream);
    throw new UpstreamError("upstream_malformed", `upstream's answer: ${framing.message}`);
  }
  const old = request.head.minor === 0;
  const unchunk = old && framing.kind === "chunked";
  const close = !request.keepAlive || !uploaded || unchunk || framing.kind === "close";
  const head = buildResponseHead(response, {
    framing: unchunk ? { kind: "close" } : framing,
    close,
    keepAlive10: old && !close,
    bodilessLength: bodilessLength(framing, response),
  });
  try {
    await copyBody(upstream.reader, session.writer, framing, { head, gather: true, unchunk });
  } catch (error) {
    return broken(error);
  }
  const reusable = framing.kind !== "close" && keepsAlive(response.minor, response.headers);
  return { close, broken: false, reusable, fields: {} };
}

/** HEAD and 304 may name the length that a body would have had (RFC 9110 section 8.6). */
function bodilessLength(framing: Framing, response: ResponseHead): string | undefined {
  if (framing.kind !== "none" || response.status < 200 || response.status === 204) return undefined;
  return valuesOf(response.headers, "content-length")[0];
}

function broken(error: unknown): Outcome {
  if (!(error instanceof BodyError) && !isConnectionError(error)) throw error;
  const message = error instanceof Error ? error.message : String(error);
  const fields = { error: "aborted", message: `the response broke off: ${message}` };
  return { close: true, broken: true, reusable: false, fields };
}
