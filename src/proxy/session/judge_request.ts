/**
 * Decides about one request: the policy's verdict and what must hold besides.
 *
 * @module
 */

import type { Verdict } from "../../protocol/mod.ts";
import { parseIpv4 } from "../layers/address.ts";
import { listOf } from "../layers/http1_head.ts";
import { refusal } from "./connection.ts";
import { confirmDestination, needsLookup } from "./destination.ts";
import type { Request } from "./request.ts";

/** What was decided. `status` is that of the refusal. */
export interface Decision {
  verdict: Verdict;
  status: 403 | 421;
}

/** Judges a request. In audit mode what is wrong is still denied in the log, but passes. */
export async function judgeRequest(request: Request): Promise<Decision> {
  const { session } = request;
  const { audit } = session.connection.proxy.state;
  if (isForOtherHost(request)) {
    return { verdict: refusal("host_mismatch", audit), status: 421 };
  }
  const held = heldVerdict(request);
  const verdict = held ?? await ask(request);
  if (!held) session.hold(verdict, request.target.host);
  if (!verdict.pass || verdict.policy === "deny") return { verdict, status: 403 };
  if (session.start.scheme === "http" && !isConfirmed(request, verdict)) {
    return { verdict: refusal("unresolved_destination", audit), status: 403 };
  }
  if (verdict.hold === "connection" && isDnsOverHttps(request)) {
    return { verdict: refusal("doh", audit), status: 403 };
  }
  return { verdict, status: 403 };
}

function isForOtherHost(request: Request): boolean {
  const { start, connection } = request.session;
  const { host, port } = request.target;
  if (port !== undefined && port !== connection.flow.dst_port) return true;
  if (start.host !== undefined) return host !== start.host;
  return parseIpv4(host) !== undefined && host !== connection.flow.dst_ip;
}

function heldVerdict(request: Request): Verdict | undefined {
  const { session } = request;
  const current = session.heldEpoch === session.connection.proxy.state.epoch;
  return current && session.heldHost === request.target.host ? session.held : undefined;
}

async function ask(request: Request): Promise<Verdict> {
  const { connection, start } = request.session;
  const question = { type: start.scheme, url: request.url, method: request.head.method } as const;
  const verdict = await connection.judge(question);
  const { host } = request.target;
  if (start.scheme === "https" || parseIpv4(host) || !needsLookup(verdict)) return verdict;
  await confirmDestination(connection.proxy, host);
  return await connection.judge(question);
}

function isConfirmed(request: Request, verdict: Verdict): boolean {
  return verdict.destination === "confirmed" || parseIpv4(request.target.host) !== undefined;
}

function isDnsOverHttps(request: Request): boolean {
  const { headers } = request.head;
  if (/[?&]dns=/.test(request.target.path)) return true;
  return [...listOf(headers, "content-type"), ...listOf(headers, "accept")]
    .some((value) => /^application\/dns-(message|json)\b/.test(value));
}
