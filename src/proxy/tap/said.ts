/**
 * What layers say, as playbooks put it. The recorder and the replay share it. No I/O.
 *
 * @module
 */

import type { LayerEntry, LayerError } from "../../protocol/mod.ts";
import { toLatin1 } from "../layers/bytes.ts";
import type { HelloResult } from "../layers/client_hello.ts";
import { type Answer, AnswerError } from "../layers/dns_answer.ts";
import { type Query, QueryError } from "../layers/dns_query.ts";
import type { Question, Request as Http2Request } from "../layers/http2/mod.ts";
import { type Framing, responseFraming } from "../layers/http1_framing.ts";
import { HeadError, type ResponseHead } from "../layers/http1_head.ts";
import { requestHeadFor, type RequestParts } from "../session/request_head.ts";

type Said<Layer extends LayerEntry["layer"]> = Extract<LayerEntry, { layer: Layer }>["said"];

/** @returns the name and protocols, or why there are none */
export function saidOfHello(result: HelloResult): Said<"client_hello"> {
  if (result.kind === "hello") return { ...result.hello };
  return { error: result.kind === "more" ? "the ClientHello broke off" : result.why };
}

/** @returns the head that goes on to upstream, or why the request is refused */
export function saidOfRequest(result: RequestParts | HeadError): Said<"request"> {
  return result instanceof HeadError ? ofHeadError(result) : toLatin1(requestHeadFor(result));
}

/** @param method of the request: it decides about the body */
export function saidOfResponse(head: ResponseHead | HeadError, method: string): Said<"response"> {
  if (head instanceof HeadError) return ofHeadError(head);
  // An interim response has no body, whatever its fields say.
  const framing = head.status < 200 ? { kind: "none" } as const : responseFraming(head, method);
  if (framing instanceof HeadError) return ofHeadError(framing);
  return { status: head.status, framing: nameOf(framing) };
}

/** @returns what is judged */
export function saidOfHttp2Request(request: Question | Http2Request): Said<"http2_request"> {
  const { method, host, path, port } = request;
  return { method, host, path, ...(port !== undefined && { port }) };
}

/** @returns the question, or why there is none */
export function saidOfQuery(query: Query | QueryError): Said<"dns_query"> {
  if (!(query instanceof QueryError)) return { name: query.name, type: query.type };
  const { message: error, rcode } = query;
  return { error, ...(rcode !== undefined && { status: rcode }) };
}

/** @returns what the client and the policy get, or why they get nothing */
export function saidOfAnswer(answer: Answer | AnswerError): Said<"dns_answer"> {
  if (answer instanceof AnswerError) return { error: answer.message };
  const { rcode, truncated, ips, ttl } = answer;
  return { rcode, truncated, ips, ttl, bytes: answer.bytes.toHex() };
}

function ofHeadError({ message, status }: HeadError): LayerError {
  return { error: message, status };
}

function nameOf(framing: Framing): string {
  return framing.kind === "length" ? `length ${framing.length}` : framing.kind;
}
