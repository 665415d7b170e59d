/**
 * Relays bytes that are not looked into: passthrough, raw TCP, upgraded connections.
 *
 * @module
 */

import type { LogEvent, LogType, TrafficEvent, Verdict } from "../../protocol/mod.ts";
import { type Counts, relay } from "../io/pump.ts";
import { closeQuietly, type Stream } from "../io/stream.ts";
import type { Connection } from "./connection.ts";
import type { Live } from "./proxy.ts";

/** What a tunnel carries and how it was allowed. */
export interface TunnelPlan {
  type: LogType;
  /** What to ask again when the policy changes. */
  question: Omit<TrafficEvent, "dst_ip" | "dst_port">;
  verdict: Verdict;
  /** Fields of the log line. */
  fields: Partial<LogEvent>;
  /** What was already moved. */
  counts?: Counts;
  /** Milliseconds since the epoch; the connection's start if absent. */
  started?: number;
}

/** One tunnel while it lasts. */
class Tunnel implements Live {
  readonly idle = false;
  verdict: Verdict;

  constructor(
    readonly connection: Connection,
    readonly plan: TunnelPlan,
    readonly streams: readonly Stream[],
  ) {
    this.verdict = plan.verdict;
  }

  abort(): void {
    for (const stream of this.streams) closeQuietly(stream);
  }

  async rejudge(): Promise<void> {
    this.verdict = await this.connection.judge(this.plan.question);
    if (!this.verdict.pass) this.abort();
  }
}

/**
 * Relays until both ends are done, and logs it: announced at its start, written at its end.
 */
export async function runTunnel(
  connection: Connection,
  client: Stream,
  upstream: Stream,
  plan: TunnelPlan,
): Promise<void> {
  const { proxy } = connection;
  const counts = plan.counts ?? { up: 0, down: 0 };
  const tunnel = new Tunnel(connection, plan, [client, upstream]);
  const started = plan.started ?? connection.started;
  proxy.live.add(tunnel);
  proxy.supervisor.open(connection.id, connection.event(plan.type, plan.verdict, plan.fields));
  try {
    await relay(client, upstream, counts, proxy.watchdog);
  } finally {
    proxy.live.delete(tunnel);
    connection.log(plan.type, tunnel.verdict, {
      ...plan.fields,
      bytes_up: counts.up,
      bytes_down: counts.down,
      duration_ms: Date.now() - started,
    });
  }
}
