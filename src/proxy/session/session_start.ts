/**
 * What is known of a connection when its HTTP session begins.
 *
 * @module
 */

import type { Verdict } from "../../protocol/mod.ts";
import type { StreamReader } from "../io/reader.ts";
import type { UpstreamError } from "../upstream/dial.ts";
import type { Upstream } from "../upstream/pool.ts";
import type { Connection } from "./connection.ts";

/** How a session began. */
export interface SessionStart {
  scheme: "http" | "https";
  /** The name that the client's TLS was ended with: every request must be for it. */
  host?: string;
  /** Verdict of the TLS handshake. */
  verdict?: Verdict;
  /** Address of the upstream. */
  address: string;
  upstream?: Upstream;
  /** There is no upstream: every request is answered with this. */
  failure?: UpstreamError;
  /** The connection was refused: its first request is answered 403. */
  blocked?: Verdict;
  /** Bytes of the client that were read before. */
  reader?: StreamReader;
  alpn?: string;
}

/** Whether a session's upstream was not verified, and by the policy of now would have to be. */
export async function mustBeVerifiedNow(
  connection: Pick<Connection, "judge">,
  { verdict, host }: SessionStart,
): Promise<boolean> {
  if (!verdict?.insecure) return false;
  const now = await connection.judge({ type: "https", host, intercept: true });
  return !now.pass || !now.insecure;
}
