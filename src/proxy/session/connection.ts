/**
 * One client connection: who made it, where to, and its lines in the log.
 *
 * @module
 */

import type {
  DenyReason,
  FlowAnswer,
  LogEvent,
  LogType,
  ProcessInfo,
  TrafficEvent,
  Verdict,
} from "../../protocol/mod.ts";
import type { Proxy } from "./proxy.ts";

/** An answered {@link FlowAnswer}. */
export type Flow = Extract<FlowAnswer, { ok: true }>;

const SALT = Math.floor(Math.random() * 0x7fffffff).toString(36);
let count = 0;

/** A string that no other connection of this run has. */
export function connectionId(): string {
  return `${SALT}-${(count++).toString(36)}`;
}

/** A client connection whose process and destination are known. */
export class Connection {
  readonly id = connectionId();
  readonly started = Date.now();

  /**
   * @param socket the redirected connection itself
   * @param sourcePort the client's port
   */
  constructor(
    readonly proxy: Proxy,
    readonly flow: Flow,
    readonly socket: Deno.TcpConn,
    readonly sourcePort: number,
  ) {}

  /** The process that made the connection. */
  get process(): ProcessInfo {
    return this.flow.process;
  }

  /**
   * Asks the policy about something on this connection; addresses are filled in. An answer that was under
   * way while the policy changed is the old one's: it is asked for again.
   */
  async judge(event: Omit<TrafficEvent, "dst_ip" | "dst_port">): Promise<Verdict> {
    const { kernel, state } = this.proxy;
    const { flow, dst_ip, dst_port } = this.flow;
    for (;;) {
      const { epoch } = state;
      const verdict = await kernel.judge(flow, { ...event, dst_ip, dst_port });
      if (epoch === state.epoch) return verdict;
    }
  }

  /** A log line about this connection. Later arguments win. */
  event(type: LogType, verdict: Verdict | undefined, fields: Partial<LogEvent>): LogEvent {
    return logEvent(type, this.flow, this.sourcePort, verdict, { conn: this.id, ...fields });
  }

  /** Writes a log line. */
  log(type: LogType, verdict: Verdict | undefined, fields: Partial<LogEvent>): void {
    this.proxy.supervisor.log(this.event(type, verdict, fields), this.id);
  }
}

/** A log line about a flow. */
export function logEvent(
  type: LogType,
  flow: Flow,
  sourcePort: number,
  verdict: Verdict | undefined,
  fields: Partial<LogEvent>,
): LogEvent {
  // In the order of the log's keys, those that `fields` may fill included: the writer need not sort them.
  return {
    ts: new Date().toISOString(),
    type,
    policy: verdict?.policy,
    reason: verdict?.reason,
    dst_ip: flow.dst_ip,
    dst_port: flow.dst_port,
    host: verdict?.host,
    method: undefined,
    url: undefined,
    status: undefined,
    rule: verdict?.rule_text,
    rule_line: verdict?.rule_line,
    hint: verdict?.hint,
    insecure: undefined,
    error: undefined,
    src_port: sourcePort,
    ...flow.process,
    alpn: undefined,
    conn: undefined,
    ...fields,
  };
}

/** A verdict that the proxy itself makes, on top of what the engine said. */
export function refusal(reason: DenyReason, audit: boolean, hint?: string): Verdict {
  return {
    policy: "deny",
    pass: audit,
    reason,
    hint,
    passthrough: false,
    insecure: false,
    hold: "request",
    destination: "none",
  };
}
