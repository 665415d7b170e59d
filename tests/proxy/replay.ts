/**
 * Replays playbooks: shows each layer again what it saw, and gives what it says now. No I/O.
 *
 * @module
 */

import { compilePolicy, parsePolicy, PolicyEngine } from "../../src/policy/mod.ts";
import type { PlaybookEntry, PlaybookHead } from "../../src/protocol/mod.ts";
import { parseClientHello } from "../../src/proxy/layers/client_hello.ts";
import { detect } from "../../src/proxy/layers/detect.ts";
import { readAnswer } from "../../src/proxy/layers/dns_answer.ts";
import { parseQuery } from "../../src/proxy/layers/dns_query.ts";
import { requestFraming } from "../../src/proxy/layers/http1_framing.ts";
import {
  HeadError,
  parseRequestHead,
  parseResponseHead,
} from "../../src/proxy/layers/http1_head.ts";
import { readRequest } from "../../src/proxy/layers/http2/request.ts";
import { readTarget } from "../../src/proxy/layers/request_target.ts";
import type { RequestParts } from "../../src/proxy/session/request_head.ts";
import {
  saidOfAnswer,
  saidOfHello,
  saidOfHttp2Request,
  saidOfQuery,
  saidOfRequest,
  saidOfResponse,
} from "../../src/proxy/tap/said.ts";

/** A line that a layer says something else to now. */
export interface Difference {
  /** In the file, from 1. */
  line: number;
  entry: PlaybookEntry;
  now: unknown;
}

/** Reads a playbook. @throws {SyntaxError | Error} if it is none */
export function readPlaybook(text: string): { head: PlaybookHead; entries: PlaybookEntry[] } {
  const [head, ...entries] = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  if (head?.playbook !== 1) throw new Error("not a playbook of version 1");
  return { head, entries };
}

/** @returns the lines that are not said again */
export function replay(text: string): Difference[] {
  const { head, entries } = readPlaybook(text);
  const engine = new PolicyEngine(compilePolicy(parsePolicy(head.policy).rules), head);
  const differences: Difference[] = [];
  for (const [index, entry] of entries.entries()) {
    if (entry.layer === "lookup") engine.record(entry.saw, entry.at);
    if (entry.layer === "lookup" || entry.layer === "log") continue;
    const now = entry.layer === "policy" ? engine.judge(entry.saw, entry.at) : sayAgain(entry);
    if (!sameJson(now, entry.said)) differences.push({ line: index + 2, entry, now });
  }
  return differences;
}

function sayAgain(entry: Exclude<PlaybookEntry, { layer: "policy" | "lookup" | "log" }>): unknown {
  switch (entry.layer) {
    case "detect":
      return detect(Uint8Array.fromHex(entry.saw));
    case "client_hello":
      return saidOfHello(parseClientHello(Uint8Array.fromHex(entry.saw)));
    case "request":
      return saidOfRequest(readHead(bytesOf(entry.saw), entry.scheme));
    case "response":
      return saidOfResponse(parseResponseHead(bytesOf(entry.saw)), entry.method);
    case "http2_request": {
      const fields = entry.saw.map(([name, value]) => ({ name, value, sensitive: false }));
      const request = readRequest(fields, entry.scheme);
      return request instanceof Error ? { error: request.message } : saidOfHttp2Request(request);
    }
    case "dns_query":
      return saidOfQuery(parseQuery(Uint8Array.fromHex(entry.saw)));
    case "dns_answer": {
      const [saw, question] = [entry.saw, entry.question].map((hex) => Uint8Array.fromHex(hex));
      return saidOfAnswer(readAnswer(saw!, question!, entry.id, entry.name));
    }
  }
}

function readHead(bytes: Uint8Array, scheme: "http" | "https"): RequestParts | HeadError {
  const head = parseRequestHead(bytes);
  if (head instanceof HeadError) return head;
  const framing = requestFraming(head);
  if (framing instanceof HeadError) return framing;
  if (head.method === "CONNECT") return new HeadError("CONNECT is not relayed", 501, "method");
  const target = readTarget(head, scheme);
  if (target instanceof HeadError) return target;
  const bodiless = framing.kind === "none" || (framing.kind === "length" && framing.length === 0);
  return { head, framing, target, bodiless };
}

function bytesOf(latin1: string): Uint8Array {
  return Uint8Array.from(latin1, (character) => character.charCodeAt(0));
}

function sameJson(a: unknown, b: unknown): boolean {
  const sorted = (value: unknown): unknown =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort().map(([k, v]) => [k, sorted(v)]))
      : value;
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(JSON.parse(JSON.stringify(b))));
}
