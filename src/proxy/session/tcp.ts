/**
 * Connections that are neither TLS nor HTTP, or whose server speaks first.
 *
 * @module
 */

import { BufferedStream } from "../io/buffered_stream.ts";
import type { StreamReader } from "../io/reader.ts";
import { dialTcp, UpstreamError } from "../upstream/dial.ts";
import type { Connection } from "./connection.ts";
import { runTunnel } from "./tunnel.ts";

/** Judges and relays one raw connection. */
export async function serveTcp(connection: Connection, reader: StreamReader): Promise<void> {
  const question = { type: "tcp" } as const;
  const verdict = await connection.judge(question);
  if (!verdict.pass) return connection.log("tcp", verdict, {});
  const { flow, socket } = connection;
  try {
    const upstream = await dialTcp(flow.dst_ip, flow.dst_port);
    const client = new BufferedStream(socket, reader);
    await runTunnel(connection, client, upstream, { type: "tcp", question, verdict, fields: {} });
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    connection.log("tcp", verdict, { error: error.code, message: error.message });
  }
}
