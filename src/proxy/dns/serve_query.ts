/**
 * One DNS message of a client: judged, forwarded to the resolver that was asked, its answer told to
 * the engine before the client has it.
 *
 * @module
 */

import type { LogEvent, LogType, Verdict } from "../../protocol/mod.ts";
import { type Answer, fitted, isAnsweredEmpty } from "../layers/dns_answer.ts";
import {
  encodeEmpty,
  encodeError,
  encodeQuery,
  parseQuery,
  type Query,
  QueryError,
  Rcode,
} from "../layers/dns_query.ts";
import { connectionId, type Flow, logEvent, refusal } from "../session/connection.ts";
import type { Proxy } from "../session/proxy.ts";
import { type Asked, askTcp, askUdp } from "./ask.ts";

/** Bytes of a datagram that every client takes (RFC 1035 section 4.2.1). */
const PLAIN_UDP_SIZE = 512;

/** Where a query came from. */
export interface QuerySource {
  flow: Flow;
  sourcePort: number;
  transport: "udp" | "tcp";
}

/**
 * Serves one message.
 *
 * @returns the response, or undefined if the message deserves none
 */
export async function serveQuery(
  proxy: Proxy,
  source: QuerySource,
  bytes: Uint8Array,
): Promise<Uint8Array | undefined> {
  const conn = connectionId();
  const log = (type: LogType, verdict: Verdict | undefined, fields: Partial<LogEvent>) => {
    proxy.supervisor.log(
      logEvent(type, source.flow, source.sourcePort, verdict, { ...fields, conn }),
    );
  };
  const query = parseQuery(bytes);
  proxy.tap?.query(conn, bytes, query);
  if (query instanceof QueryError) {
    log("dns", refusal("malformed", false), { message: query.message });
    return query.rcode === undefined ? undefined : encodeError(query.id, query.rcode);
  }
  const { dst_ip, dst_port, flow } = source.flow;
  const verdict = await proxy.kernel.judge(flow, {
    type: "dns",
    name: query.name,
    dst_ip,
    dst_port,
  });
  log("dns", verdict, { name: query.name });
  if (!verdict.pass || proxy.state.closed) return encodeEmpty(query, Rcode.refused);
  if (isAnsweredEmpty(query.type)) return encodeEmpty(query, Rcode.ok);
  const answer = await forward(source, query, (id, got, read) => {
    proxy.tap?.answer(conn, { id, name: query.name, question: query.question }, got, read);
  });
  if (!answer) {
    log("dns_response", undefined, { name: query.name, error: "resolver_timeout" });
    return encodeEmpty(query, Rcode.servFail);
  }
  const { ips, ttl } = answer;
  // The client may connect as soon as it has the answer: the engine must know the addresses by then.
  if (ips.length > 0 && !await proxy.kernel.lookup({ name: query.name, ips, ttl })) {
    return encodeEmpty(query, Rcode.servFail);
  }
  log("dns_response", undefined, { name: query.name, answers: ips, ttl, status: answer.rcode });
  return withId(answer.bytes, query.id);
}

async function forward(
  source: QuerySource,
  query: Query,
  heard: Asked["heard"],
): Promise<Answer | undefined> {
  const to = { hostname: source.flow.dst_ip, port: source.flow.dst_port };
  const asked: Asked = {
    encode: (id) => encodeQuery(query, id),
    question: query.question,
    name: query.name,
    heard,
  };
  if (source.transport === "tcp") return await askTcp(to, asked);
  const answer = await askUdp(to, asked);
  return answer && fitted(answer, query.question, query.edns?.udpSize ?? PLAIN_UDP_SIZE);
}

function withId(bytes: Uint8Array, id: number): Uint8Array {
  const out = bytes.slice();
  out[0] = id >> 8;
  out[1] = id & 0xff;
  return out;
}
