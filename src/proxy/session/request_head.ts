/**
 * The head that a request gets on its way to upstream.
 *
 * @module
 */

import { listOf, valuesOf } from "../layers/http1_head.ts";
import { buildRequestHead } from "../layers/http1_rebuild.ts";
import type { Request } from "./request.ts";

/** The parts of a request that its head is built from. */
export type RequestParts = Pick<Request, "head" | "target" | "framing" | "bodiless">;

/**
 * The protocol that a request asks to switch to, if it may: WebSocket only. Others (h2c above all)
 * would carry requests that nobody judges; they are left out, and the server answers in HTTP/1.1.
 */
export function upgradeOf(request: Pick<Request, "head" | "bodiless">): string | undefined {
  const { head } = request;
  if (head.method !== "GET" || head.minor !== 1 || !request.bodiless) return undefined;
  if (!listOf(head.headers, "connection").includes("upgrade")) return undefined;
  const values = valuesOf(head.headers, "upgrade");
  return values.length === 1 && values[0]!.toLowerCase() === "websocket" ? values[0] : undefined;
}

/** Builds the head. */
export function requestHeadFor(request: RequestParts): Uint8Array {
  return buildRequestHead(request.head, {
    path: request.target.path,
    host: request.target.authority,
    framing: request.framing,
    upgrade: upgradeOf(request),
  });
}
