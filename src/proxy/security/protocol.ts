/**
 * The questions and answers of Socket's free firewall API (https://docs.socket.dev): one package a
 * request, answered in NDJSON. Sans-I/O.
 *
 * @module
 */

import type { PackageAnswer } from "../../protocol/mod.ts";
import { encodeText } from "../layers/bytes.ts";

/** Who is asked. */
export const SECURITY_HOST = "firewall-api.socket.dev";

/** Largest answer that is read, in bytes: a package with hundreds of alerts fits. */
export const MAX_ANSWER = 1024 * 1024;
/** Kinds of alerts that are told, and how much of each. */
const MAX_REASONS = 32;
const MAX_REASON = 100;

/**
 * The head of the request that asks about a package.
 *
 * @param purl any text
 * @param version of egress
 */
export function questionHead(purl: string, version: string): Uint8Array<ArrayBuffer> {
  return encodeText(
    // A lone surrogate has no UTF-8.
    `GET /purl/${encodeURIComponent(purl.toWellFormed())} HTTP/1.1\r\nHost: ${SECURITY_HOST}\r\n` +
      `User-Agent: egress/${version} (--package-security)\r\nAccept: application/x-ndjson\r\n` +
      "Accept-Encoding: identity\r\n\r\n",
  );
}

/** Reads an answer. Never throws, whatever was sent. */
export function readAnswer(status: number, body: Uint8Array): PackageAnswer {
  if (status === 404) return { kind: "unknown" };
  if (status === 429) return failure("too many questions (status 429)");
  if (status !== 200) return failure(`status ${status}`);
  const alerts = alertsOf(firstLine(body));
  if (!alerts) return failure("an answer that is no NDJSON of a package");
  const reasons = new Set(alerts.filter(({ action }) => action === "error").map(reasonOf));
  if (reasons.size === 0) return { kind: "fine" };
  return { kind: "bad", reasons: [...reasons].slice(0, MAX_REASONS) };
}

function failure(why: string): PackageAnswer {
  return { kind: "failure", why };
}

function firstLine(body: Uint8Array): string {
  const end = body.indexOf(10);
  return new TextDecoder().decode(end < 0 ? body : body.subarray(0, end));
}

type Fields = Record<string, unknown>;

/** The alerts of the first package; undefined if there is none. */
function alertsOf(line: string): Fields[] | undefined {
  const entry = parse(line);
  if (!isRecord(entry) || !Array.isArray(entry.alerts)) return undefined;
  return entry.alerts.every(isRecord) ? entry.alerts : undefined;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // the caller says that it is none
  }
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The kind of an alert, fit for a log and a terminal. */
function reasonOf({ type }: Fields): string {
  const text = typeof type === "string"
    ? type.replace(/[^\x20-\x7e]/g, "?").slice(0, MAX_REASON)
    : "";
  return text === "" ? "unnamed" : text;
}
