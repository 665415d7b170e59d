/**
 * TLS that is not decrypted.
 *
 * @module
 */

import type { Verdict } from "../../protocol/mod.ts";
import { BufferedStream } from "../io/buffered_stream.ts";
import type { StreamReader } from "../io/reader.ts";
import type { ClientHello } from "../layers/client_hello.ts";
import { dialTcp, UpstreamError } from "../upstream/dial.ts";
import { type Connection, refusal } from "./connection.ts";
import { runTunnel } from "./tunnel.ts";

/** Relays a TLS connection as it is, to where the client sent it. */
export async function passThrough(
  connection: Connection,
  reader: StreamReader,
  hello: ClientHello,
  verdict: Verdict,
): Promise<void> {
  const { proxy, flow, socket } = connection;
  const fields = { host: hello.sni, passthrough: true };
  const claimed = hello.sni !== undefined && verdict.destination !== "confirmed";
  if (claimed && verdict.policy === "allow" && !proxy.state.audit) {
    return connection.log("https", refusal("unresolved_destination", false), fields);
  }
  try {
    const upstream = await dialTcp(flow.dst_ip, flow.dst_port);
    await runTunnel(connection, new BufferedStream(socket, reader), upstream, {
      type: "https",
      question: { type: "https", host: hello.sni, intercept: true },
      verdict,
      fields,
    });
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    connection.log("https", verdict, { ...fields, error: error.code, message: error.message });
  }
}
