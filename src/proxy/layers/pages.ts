/**
 * The responses that the proxy makes itself.
 *
 * @module
 */

import type { ProcessInfo } from "../../protocol/mod.ts";
import { encodeText } from "./bytes.ts";

const REASONS: Record<number, string> = {
  400: "Bad Request",
  403: "Forbidden",
  421: "Misdirected Request",
  431: "Request Header Fields Too Large",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};

/** A local response. */
export interface Page {
  /** 400..599 */
  status: number;
  /** text/plain body, with its line end. */
  text: string;
  /** Whether the connection ends after it. */
  close: boolean;
  /** The request was HEAD: no body. */
  head?: boolean;
}

/** Encodes a local response, head and body in one piece. */
export function encodePage(page: Page): Uint8Array<ArrayBuffer> {
  const length = encodeText(page.text).length;
  return encodeText(
    `HTTP/1.1 ${page.status} ${REASONS[page.status] ?? "Error"}\r\n` +
      "Content-Type: text/plain; charset=utf-8\r\n" +
      `Content-Length: ${length}\r\nCache-Control: no-store\r\n` +
      (page.close ? "Connection: close\r\n" : "") + "\r\n" + (page.head ? "" : page.text),
  );
}

/** What was blocked, for {@link blockText}. */
export interface Blocked {
  method: string;
  /** Without its query. */
  url: string;
  process: ProcessInfo;
  /** A rule that would allow it, if the engine named one. */
  hint?: string;
  /** A sentence on why, where "no rule" is not the reason. */
  why?: string;
}

/** The text of a block: what, who, and what to write to allow it. */
export function blockText(blocked: Blocked): string {
  const { exe, step } = blocked.process;
  const request = `${blocked.method} ${blocked.url}`;
  const by = ` by ${exe ?? "an unknown process"}${step ? ` (step ${step})` : ""}`;
  if (blocked.why) return `Blocked by egress: ${request}${by}. ${blocked.why}\n`;
  const hint = blocked.hint ?? request + (exe ? ` exe=${exe}` : "");
  return `Blocked by egress: ${request}${by}. To allow: ${hint}\n`;
}
