/**
 * What the relay wants done.
 *
 * @module
 */

import { concat } from "../bytes.ts";
import type { Request } from "./request.ts";

/** The two peers of the relay. */
export type Side = "client" | "upstream";

/** A request that waits for `allow` or `refuse`. */
export interface Question extends Request {
  stream: number;
  /** Whether a body follows. */
  hasBody: boolean;
  /**
   * What is wrong with it besides the policy, and the status to refuse it with. `host_mismatch`: its
   * authority is not the host and port that the connection is for. `method`: CONNECT; never relayed.
   */
  problem?: { reason: "host_mismatch" | "method"; status: 421 | 501 };
}

/** The end of a stream: material for its log line. */
export interface StreamEnd {
  stream: number;
  /**
   * `complete`: both sides are done. `refused`: answered from here. `reset`: by `by`, with `code`.
   * `malformed`: the relay reset it, or answered it 431, because of what `by` sent. `cancelled`: by the
   * owner of the relay. `lost`: the connection ended before it.
   */
  outcome: "complete" | "refused" | "reset" | "malformed" | "cancelled" | "lost";
  /** Status of the final response, if there was one. */
  status?: number;
  /** Bytes of content that the client and the upstream sent. */
  bytesUp: number;
  bytesDown: number;
  by?: Side;
  code?: number;
  message?: string;
}

/** Why the relay is over. */
export interface RelayClose {
  /** Who broke the protocol, or went away. */
  by: Side;
  /** Error code of RFC 9113 section 7. */
  code: number;
  message: string;
}

/** What one call of the relay came to. Absent means nothing. */
export interface RelayOutput {
  toClient?: Uint8Array;
  toUpstream?: Uint8Array;
  questions: Question[];
  ended: StreamEnd[];
  /** Write what is there, then close both sides. Comes once. */
  close?: RelayClose;
}

/** Collects the output of one call. */
export class Output {
  client: Uint8Array[] = [];
  upstream: Uint8Array[] = [];
  questions: Question[] = [];
  ended: StreamEnd[] = [];
  close: RelayClose | undefined;

  /** Returns what was collected, and starts anew. */
  take(): RelayOutput {
    const out: RelayOutput = { questions: this.questions, ended: this.ended };
    if (this.client.length > 0) out.toClient = join(this.client);
    if (this.upstream.length > 0) out.toUpstream = join(this.upstream);
    if (this.close) out.close = this.close;
    this.client = [];
    this.upstream = [];
    this.questions = [];
    this.ended = [];
    this.close = undefined;
    return out;
  }
}

function join(parts: Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : concat(...parts);
}
