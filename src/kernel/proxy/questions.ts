/**
 * Narrows what a proxy sends. No I/O.
 *
 * @module
 */

import type { DnsAnswer, FlowQuestion, ProxyToKernel, TrafficEvent } from "../../protocol/mod.ts";

const EVENT_TYPES = new Set(["https", "http", "tcp", "udp", "dns"]);

/** @returns the message if it is one of those that a proxy may send, complete; else undefined */
export function parseQuestion(body: unknown): ProxyToKernel | undefined {
  if (!isRecord(body)) return undefined;
  switch (body.op) {
    case "hello":
      return isHello(body) ? body : undefined;
    case "flow":
      return isFlow(body) ? body : undefined;
    case "judge":
      return isJudge(body) ? body : undefined;
    case "lookup":
      return isRecord(body.answer) && isAnswer(body.answer)
        ? { op: "lookup", answer: body.answer }
        : undefined;
    default:
      return undefined;
  }
}

type Fields = Record<string, unknown>;

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isHello(body: Fields): body is Fields & Extract<ProxyToKernel, { op: "hello" }> {
  return typeof body.secret === "string" && typeof body.index === "number";
}

function isFlow(body: Fields): body is Fields & FlowQuestion {
  return (body.protocol === "tcp" || body.protocol === "udp") &&
    typeof body.src_ip === "string" && isPort(body.src_port) &&
    typeof body.local_ip === "string" && isPort(body.local_port);
}

function isJudge(body: Fields): body is Fields & Extract<ProxyToKernel, { op: "judge" }> {
  return typeof body.flow === "number" && isRecord(body.event) && isEvent(body.event);
}

function isEvent(event: Fields): event is Fields & TrafficEvent {
  return typeof event.type === "string" && EVENT_TYPES.has(event.type) &&
    typeof event.dst_ip === "string" && isPort(event.dst_port);
}

function isAnswer(answer: Fields): answer is Fields & DnsAnswer {
  return typeof answer.name === "string" && typeof answer.ttl === "number" &&
    Array.isArray(answer.ips) && answer.ips.every((ip) => typeof ip === "string");
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65535;
}
