/**
 * Decides about one request: the policy's verdict and what must hold besides.
 *
 * @module
 */

import type { Verdict } from "../../protocol/mod.ts";
import { parseIpv4 } from "../layers/address.ts";
import { listOf } from "../layers/http1_head.ts";
import type { PackageGuard } from "../security/package_guard.ts";
import type { Asked } from "./asked.ts";
import { refusal } from "./connection.ts";
import { confirmDestination, needsLookup } from "./destination.ts";

/** What was decided. `status` is that of the refusal. */
export interface Decision {
  verdict: Verdict;
  status: 403 | 421;
}

/** Judges a request. In audit mode what is wrong is still denied in the log, but passes. */
export function judgeRequest(request: Asked): Promise<Decision> {
  const { packages } = request.session.connection.proxy;
  return packages ? judgePackage(request, packages) : judgeByPolicy(request);
}

async function judgePackage(request: Asked, packages: PackageGuard): Promise<Decision> {
  const { state } = request.session.connection.proxy;
  const { epoch } = state;
  const decision = await judgeByPolicy(request);
  if (!decision.verdict.pass) return decision;
  request.badPackage = await packages.refuses(request.question.method, request.url);
  // Asking takes a while, and the policy may have changed meanwhile.
  if (epoch !== state.epoch) return await judgePackage(request, packages);
  // What the policy denies, in audit mode, it denies for its own reason.
  if (!request.badPackage || decision.verdict.policy === "deny") return decision;
  return { verdict: refusal("package_security", state.audit), status: 403 };
}

async function judgeByPolicy(request: Asked): Promise<Decision> {
  const { session, question } = request;
  const { state, tokens } = session.connection.proxy;
  const { audit } = state;
  if (isForOtherHost(request)) {
    return { verdict: refusal("host_mismatch", audit), status: 421 };
  }
  if (tokens) request.token = tokens.ownerOf(question);
  const held = session.held.for(question.target.host);
  const verdict = held ?? await ask(request);
  if (!held) session.held.keep(verdict, question.target.host);
  if (!verdict.pass || verdict.policy === "deny") return { verdict, status: 403 };
  if (session.start.scheme === "http" && !isConfirmed(request, verdict)) {
    return { verdict: refusal("unresolved_destination", audit), status: 403 };
  }
  if (verdict.hold === "connection" && isDnsOverHttps(request)) {
    return { verdict: refusal("doh", audit), status: 403 };
  }
  if (tokens?.refuses(question.target.host, request.token)) {
    return { verdict: refusal("foreign_token", audit, "--foreign-tokens allow"), status: 403 };
  }
  return { verdict, status: 403 };
}

function isForOtherHost(request: Asked): boolean {
  const { start, connection } = request.session;
  const { host, port } = request.question.target;
  if (port !== undefined && port !== connection.flow.dst_port) return true;
  if (start.host !== undefined) return host !== start.host;
  return parseIpv4(host) !== undefined && host !== connection.flow.dst_ip;
}

async function ask(request: Asked): Promise<Verdict> {
  const { connection, start } = request.session;
  const question = {
    type: start.scheme,
    url: request.url,
    method: request.question.method,
    ...(request.token && { token: request.token }),
  } as const;
  const verdict = await connection.judge(question);
  const { host } = request.question.target;
  if (start.scheme === "https" || parseIpv4(host) || !needsLookup(verdict)) return verdict;
  await confirmDestination(connection.proxy, host);
  return await connection.judge(question);
}

function isConfirmed(request: Asked, verdict: Verdict): boolean {
  return verdict.destination === "confirmed" ||
    parseIpv4(request.question.target.host) !== undefined;
}

function isDnsOverHttps(request: Asked): boolean {
  const { headers } = request.question;
  if (/[?&]dns=/.test(request.question.target.path)) return true;
  return [...listOf(headers, "content-type"), ...listOf(headers, "accept")]
    .some((value) => /^application\/dns-(message|json)\b/.test(value));
}
