/**
 * Playbooks: what each layer of the proxy saw and said, one JSON line each, as docs/recorder.md describes
 * them.
 *
 * @module
 */

import type { DnsAnswer, TrafficEvent, Verdict } from "./event.ts";
import type { LogEvent } from "./log.ts";

/** The first line. */
export interface PlaybookHead {
  /** Version of the format. */
  playbook: 1;
  /** The policy that answered. */
  policy: string;
  audit: boolean;
}

/** Why a layer refused what it saw. */
export interface LayerError {
  error: string;
  /** HTTP status, or DNS response code. */
  status?: number;
}

/** What one layer saw and said. Bytes that are no text are in hexadecimal. */
export type LayerEntry =
  | { layer: "detect"; saw: string; said: string }
  | { layer: "client_hello"; saw: string; said: { sni?: string; alpn: string[] } | LayerError }
  /** The head of an HTTP/1 request, one byte a character; what goes on to upstream. */
  | { layer: "request"; scheme: "http" | "https"; saw: string; said: string | LayerError }
  | {
    layer: "response";
    method: string;
    saw: string;
    said: { status: number; framing: string } | LayerError;
  }
  | {
    layer: "http2_request";
    scheme: "http" | "https";
    /** The header list as it goes on, pseudo-header fields first. */
    saw: [name: string, value: string][];
    said: { method: string; host: string; path: string; port?: number };
  }
  | { layer: "dns_query"; saw: string; said: { name: string; type: number } | LayerError }
  | {
    layer: "dns_answer";
    id: number;
    name: string;
    /** The question section. */
    question: string;
    saw: string;
    said:
      | { rcode: number; truncated: boolean; ips: string[]; ttl: number; bytes: string }
      | LayerError;
  };

/** Every line but the first. `conn` numbers connections and lookups, from "1". */
export type PlaybookEntry =
  | ({ conn: string } & LayerEntry)
  /** `at`: seconds since the start, for what the policy remembers of lookups. */
  | { layer: "policy"; at: number; saw: TrafficEvent; said: Verdict }
  | { layer: "lookup"; at: number; saw: DnsAnswer }
  /** A line of the connection log: ends, denials, failures. */
  | { conn?: string; layer: "log"; said: Partial<LogEvent> };
