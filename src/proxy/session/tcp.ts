/**
 * Connections that are neither TLS nor HTTP, or whose server speaks first.
 *
 * @module
 */

import type { Verdict } from "../../protocol/mod.ts";
import { BufferedStream } from "../io/buffered_stream.ts";
import { filled, StreamReader } from "../io/reader.ts";
import { closeQuietly } from "../io/stream.ts";
import { settled } from "../io/time_limit.ts";
import { detect } from "../layers/detect.ts";
import { dialTcp, UpstreamError } from "../upstream/dial.ts";
import { type Connection, refusal } from "./connection.ts";
import { runTunnel } from "./tunnel.ts";

/** What a client that was silent at first turns out to speak. */
export type Late = "tls" | "http";

/**
 * How many more times as long a client may take to say its first bytes where no raw connection is allowed:
 * on a busy machine seconds pass between its connection and its handshake.
 */
const PATIENCE = 30;

/**
 * Judges and relays one raw connection.
 *
 * @param serveLate serves the connection if its client, silent so far, speaks TLS or HTTP after all: a
 * pause must not be a way around what is looked at there
 */
export async function serveTcp(
  connection: Connection,
  reader: StreamReader,
  serveLate: (kind: Late) => Promise<void>,
): Promise<void> {
  const question = { type: "tcp" } as const;
  let verdict = await connection.judge(question);
  const { epoch } = connection.proxy.state;
  if (!verdict.pass) {
    const late = await lateWord(reader, PATIENCE * connection.proxy.settings.silentMs);
    return late ? await serveLate(late) : connection.log("tcp", verdict, {});
  }
  const { flow, socket } = connection;
  try {
    const upstream = await dialTcp(flow.dst_ip, flow.dst_port);
    const server = new StreamReader(upstream);
    const late = await firstWord(reader, server);
    if (late) {
      closeQuietly(upstream);
      return await serveLate(late);
    }
    // Both may have been silent for long, and the policy may have changed meanwhile.
    if (epoch !== connection.proxy.state.epoch) verdict = await connection.judge(question);
    if (verdict.policy === "allow" && isUnseenCredential(connection, verdict)) {
      const { audit } = connection.proxy.state;
      verdict = {
        ...refusal("foreign_token", audit, "--foreign-tokens allow"),
        host: verdict.host,
      };
    }
    if (!verdict.pass) {
      closeQuietly(upstream);
      return connection.log("tcp", verdict, {});
    }
    const client = new BufferedStream(socket, reader);
    await runTunnel(connection, client, new BufferedStream(upstream, server), {
      type: "tcp",
      question,
      verdict,
      fields: {},
    });
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    connection.log("tcp", verdict, { error: error.code, message: error.message });
  }
}

function isUnseenCredential({ proxy, flow }: Connection, { host }: Verdict): boolean {
  return proxy.tokens?.refusesRaw(host, flow.dst_port) ?? false;
}

/** What the client speaks; undefined: nothing that could be told yet. */
function word(reader: StreamReader): Late | "tcp" | undefined {
  const kind = reader.size === 0 ? "more" : detect(reader.buffered);
  return kind === "more" ? undefined : kind;
}

/** Waits until the client has shown what it speaks, or its server has spoken first. */
export async function firstWord(
  client: StreamReader,
  server: StreamReader,
): Promise<Late | undefined> {
  for (;;) {
    if (server.size > 0 || isOver(server)) return undefined;
    const spoken = word(client);
    if (spoken || isOver(client)) return spoken === "tcp" ? undefined : spoken;
    await Promise.race([filled(client), filled(server)]);
  }
}

/** As {@link firstWord}, without a server and not for ever. */
async function lateWord(client: StreamReader, ms: number): Promise<Late | undefined> {
  const until = Date.now() + ms;
  for (;;) {
    const spoken = word(client);
    const left = until - Date.now();
    if (spoken || isOver(client) || left <= 0) return spoken === "tcp" ? undefined : spoken;
    await settled(filled(client), left);
  }
}

function isOver({ ended, error }: StreamReader): boolean {
  return ended || error !== undefined;
}
