/**
 * Decides about one stream.
 *
 * @module
 */

import type { Question, RelayOutput } from "../layers/http2/mod.ts";
import { refusal } from "./connection.ts";
import type { Http2Request } from "./http2_request.ts";
import type { Http2Session } from "./http2_session.ts";
import { judgeRequest } from "./judge_request.ts";

/** Judges a request and tells the relay: it goes on to upstream, or is answered from here. */
export async function answerStream(
  session: Http2Session,
  request: Http2Request,
  question: Question,
): Promise<RelayOutput> {
  const { start } = session;
  if (question.connect) return refuseConnect(request);
  const { verdict, status } = await judgeRequest(request);
  if (start.blocked) return refuse(request, verdict.pass ? start.blocked : verdict, 403);
  if (!verdict.pass) return refuse(request, verdict, status);
  request.verdict = verdict;
  if (start.failure) return unreachable(request, start.failure);
  // The client may have given up while its request was judged.
  if (request.end) request.log(request.end);
  return session.relay.allow(request.stream);
}

function refuse(
  request: Http2Request,
  verdict: Parameters<Http2Request["deny"]>[0],
  status: number,
): RelayOutput {
  request.answered = true;
  return request.session.relay.refuse(request.stream, status, request.deny(verdict, status));
}

/** A tunnel, also one of RFC 8441, would carry what nobody judges. */
function refuseConnect(request: Http2Request): RelayOutput {
  request.answered = true;
  request.verdict = refusal("method", false);
  request.log({ url: undefined, status: 501, message: "CONNECT is not relayed" });
  return request.session.relay.refuse(request.stream, 501, "CONNECT is not relayed.\n");
}

function unreachable(
  request: Http2Request,
  failure: NonNullable<Http2Session["start"]["failure"]>,
): RelayOutput {
  const { code, message } = failure;
  request.answered = true;
  request.log({ status: 502, error: code, message });
  return request.session.relay.refuse(request.stream, 502, `egress: ${message} (${code})\n`);
}
