/**
 * DNS by UDP: datagrams that were redirected here.
 *
 * @module
 */

import { isConnectionError } from "../io/stream.ts";
import { refusal } from "../session/connection.ts";
import { reportFault } from "../session/fault.ts";
import type { Proxy } from "../session/proxy.ts";
import { serveQuery } from "./serve_query.ts";

/** More queries than this at a time are dropped; their clients ask again. */
const MAX_QUERIES = 2000;

/** Serves datagrams until the socket is closed. */
export async function serveDnsDatagrams(proxy: Proxy, socket: Deno.DatagramConn): Promise<void> {
  let busy = 0;
  for (;;) {
    try {
      await proxy.supervisor.congestion;
      const [bytes, from] = await socket.receive(new Uint8Array(4096));
      if (proxy.state.closed || busy >= MAX_QUERIES) continue;
      busy++;
      serve(proxy, socket, bytes, from as Deno.NetAddr)
        .catch((error) => reportFault(proxy, error))
        .finally(() => busy--);
    } catch (error) {
      if (error instanceof Deno.errors.BadResource) return;
      if (error instanceof Deno.errors.Interrupted) return;
      // A reset: an earlier response met a client that had gone.
      if (!isConnectionError(error)) throw error;
    }
  }
}

async function serve(
  proxy: Proxy,
  socket: Deno.DatagramConn,
  bytes: Uint8Array,
  from: Deno.NetAddr,
): Promise<void> {
  const local = socket.addr as Deno.NetAddr;
  const flow = await proxy.kernel.flow({
    protocol: "udp",
    src_ip: from.hostname,
    src_port: from.port,
    local_ip: local.hostname,
    local_port: local.port,
  });
  if (!flow.ok) {
    const { policy } = refusal(flow.reason, false);
    const ts = new Date().toISOString();
    const { reason } = flow;
    return proxy.supervisor.log({ ts, type: "dns", policy, reason, src_port: from.port });
  }
  const source = { flow, sourcePort: from.port, transport: "udp" } as const;
  const response = await serveQuery(proxy, source, bytes);
  if (response) await socket.send(response, from);
}
