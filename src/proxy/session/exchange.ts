/**
 * One request and its response, relayed between a client and an upstream.
 *
 * @module
 */

import { isConnectionError } from "../io/stream.ts";
import { settled } from "../io/time_limit.ts";
import { HeadError, parseResponseHead, type ResponseHead } from "../layers/http1_head.ts";
import { UpstreamError } from "../upstream/dial.ts";
import type { Upstream } from "../upstream/pool.ts";
import { BodyError, copyBody } from "./copy_body.ts";
import type { HttpSession } from "./http_session.ts";
import { judgeRequest } from "./judge_request.ts";
import { readHead } from "./read_head.ts";
import type { Request, Upload } from "./request.ts";
import { requestHeadFor, upgradeOf } from "./request_head.ts";
import { deliver, forwardInterim } from "./respond.ts";
import { openUpstream } from "./upstream_for.ts";
import { switchProtocols } from "./upgrade.ts";

/** Methods that may be sent twice (RFC 9110 section 9.2.1). */
const SAFE = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);
/** How long an upload may go on after its response has ended. */
const EARLY_MS = 2000;

/**
 * Judges and relays one request.
 *
 * @returns whether the client's connection goes on
 * @throws connection errors of the client
 */
export async function exchange(session: HttpSession, request: Request): Promise<boolean> {
  const { blocked, failure } = session.start;
  const { verdict, status } = await judgeRequest(request);
  if (blocked) return await request.refuse(verdict.pass ? blocked : verdict);
  if (!verdict.pass) return await request.refuse(verdict, status);
  request.verdict = verdict;
  if (failure) return await unreachable(session, request, failure);
  try {
    return await relayRequest(session, request);
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    return await unreachable(session, request, error);
  }
}

async function unreachable(
  session: HttpSession,
  request: Request,
  error: UpstreamError,
): Promise<boolean> {
  request.log({ status: 502, error: error.code, message: error.message });
  return await session.respond(request, 502, `egress: ${error.message} (${error.code})\n`);
}

/** @throws {UpstreamError} while nothing has been sent to the client */
async function relayRequest(
  session: HttpSession,
  request: Request,
  fresh = false,
): Promise<boolean> {
  const upstream = await openUpstream(session, fresh);
  request.upstream = upstream;
  const sentBefore = upstream.writer.written;
  const upload = startUpload(session, request, upstream);
  request.upload = upload;
  const response = await readResponse(session, request, upstream);
  if (response instanceof UpstreamError) {
    session.connection.proxy.pool.discard(upstream);
    if (upload.error instanceof BodyError) return await badBody(session, request, upload.error);
    if (!fresh && mayRetry(request, upstream, sentBefore)) {
      return await relayRequest(session, request, true);
    }
    throw response;
  }
  if (response.status === 101) {
    return await switchProtocols(session, request, upstream, response);
  }
  return await finish(session, request, upstream, { response, upload, sentBefore });
}

async function badBody(
  session: HttpSession,
  request: Request,
  error: BodyError,
): Promise<boolean> {
  request.log({ status: 400, error: "request_body", message: error.message });
  return await session.respond(request, 400, `egress: the request broke off: ${error.message}\n`);
}

function mayRetry(request: Request, upstream: Upstream, sentBefore: number): boolean {
  // What a change of the policy ended must not be sent again.
  if (!upstream.reused || !request.verdict?.pass) return false;
  const nothingSent = upstream.writer.written === sentBefore;
  return request.bodiless && (nothingSent || SAFE.has(request.head.method));
}

function startUpload(session: HttpSession, request: Request, upstream: Upstream): Upload {
  const upload: Upload = { finished: Promise.resolve(), done: false };
  const head = requestHeadFor(request);
  const copying = copyBody(session.reader, upstream.writer, request.framing, {
    head,
    gather: false,
  });
  upload.finished = copying.then(() => {
    upload.done = true;
    // Notices a client that goes away while its response is being made.
    if (!session.reader.ended) {
      session.reader.prefetch(() => {
        if (session.reader.error !== undefined && session.request === request) upstream.close();
      });
    }
  }, (error) => {
    upload.error = error;
    // The client broke off or broke the framing: upstream must not take the body for whole.
    if (error instanceof BodyError) upstream.close();
    else if (!isConnectionError(error)) throw error;
    else if (session.reader.error !== undefined) upstream.close();
  });
  return upload;
}

/** Reads heads until one is final; interim ones are passed on. */
async function readResponse(
  session: HttpSession,
  request: Request,
  upstream: Upstream,
): Promise<ResponseHead | UpstreamError> {
  for (;;) {
    const bytes = await readUpstreamHead(upstream);
    if (bytes instanceof UpstreamError) return bytes;
    const head = parseResponseHead(bytes);
    const { connection } = session;
    connection.proxy.tap?.response(connection.id, request.head.method, bytes, head);
    if (head instanceof HeadError) return malformed(head);
    if (head.status === 101 && upgradeOf(request) === undefined) {
      return new UpstreamError("upstream_malformed", "upstream switched protocols unasked");
    }
    if (head.status >= 200 || head.status === 101) return head;
    if (request.head.minor === 1) await forwardInterim(session, head);
  }
}

async function readUpstreamHead(upstream: Upstream): Promise<Uint8Array | UpstreamError> {
  try {
    const bytes = await readHead(upstream.reader);
    if (bytes instanceof HeadError) return malformed(bytes);
    return bytes ?? new UpstreamError("upstream_closed", "upstream closed without an answer");
  } catch (cause) {
    if (!isConnectionError(cause)) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    return new UpstreamError("upstream_closed", `upstream broke off: ${why}`, { cause });
  }
}

function malformed(error: HeadError): UpstreamError {
  return new UpstreamError(
    "upstream_malformed",
    `upstream's answer is no HTTP/1: ${error.message}`,
  );
}

async function finish(
  session: HttpSession,
  request: Request,
  upstream: Upstream,
  relayed: { response: ResponseHead; upload: Upload; sentBefore: number },
): Promise<boolean> {
  const { response, upload, sentBefore } = relayed;
  const { pool } = session.connection.proxy;
  const before = session.writer.written;
  const outcome = await deliver(session, request, upstream, response, upload.done);
  if (!upload.done && upload.error === undefined) await settled(upload.finished, EARLY_MS);
  request.log({
    status: response.status,
    bytes_up: upstream.writer.written - sentBefore,
    bytes_down: session.writer.written - before,
    duration_ms: Date.now() - request.started,
    ...outcome.fields,
  });
  if (outcome.broken) session.abort();
  if (outcome.reusable && upload.done) keep(session, upstream);
  else pool.discard(upstream);
  if (!upload.done && !outcome.broken) await session.linger();
  return !outcome.close && upload.done;
}

/** Keeps an upstream for the next request; what comes before that one shows that it is stale. */
function keep(session: HttpSession, upstream: Upstream): void {
  upstream.reused = true;
  upstream.reader.prefetch();
  session.upstream = upstream;
}
