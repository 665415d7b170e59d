/**
 * Mistakes of this program that show while it serves one connection.
 *
 * @module
 */

import { isConnectionError } from "../io/stream.ts";
import type { Proxy } from "./proxy.ts";

/**
 * Logs an error that ended one connection, unless it is one that peers and networks cause. The
 * connection is closed by its owner; the others go on.
 */
export function reportFault(proxy: Pick<Proxy, "supervisor">, error: unknown): void {
  if (isConnectionError(error)) return;
  const message = error instanceof Error ? error.stack ?? error.message : String(error);
  proxy.supervisor.log({ ts: new Date().toISOString(), type: "error", error: "fault", message });
}
