/**
 * Requests of the control socket: finding the line, reading it. No I/O; nothing that a client sends throws.
 *
 * @module
 */

import { type ControlRequest, MAX_CONTROL_LINE } from "../../protocol/mod.ts";

const NEWLINE = 10;

/** Collects bytes up to the first line end. */
export class LineReader {
  readonly #limit: number;
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  constructor(limit = MAX_CONTROL_LINE) {
    this.#limit = limit;
  }

  /**
   * @param bytes copied
   * @returns the line without its end, once it is complete; what follows it is not looked at
   */
  push(bytes: Uint8Array): string | "too long" | undefined {
    const end = bytes.indexOf(NEWLINE);
    const part = end < 0 ? bytes : bytes.subarray(0, end);
    this.#size += part.length;
    if (this.#size >= this.#limit) return "too long";
    this.#parts.push(part.slice());
    return end < 0 ? undefined : this.#line();
  }

  #line(): string {
    const all = new Uint8Array(this.#size);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return new TextDecoder().decode(all);
  }
}

/** @returns the request, or what is wrong with the line */
export function parseRequest(line: string): ControlRequest | { error: string } {
  const body = parseJson(line);
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return { error: 'the request is no JSON object: send one line like {"op":"status"}' };
  }
  const { op, policy, audit } = body as Record<string, unknown>;
  switch (op) {
    case "status":
    case "shutdown":
    case "disable-sudo":
    case "enable-sudo":
      return { op };
    case "reload":
      if (typeof policy !== "string") return { error: "reload needs `policy`, a text" };
      if (audit !== undefined && typeof audit !== "boolean") {
        return { error: "`audit` is true or false" };
      }
      return { op, policy, ...(audit !== undefined && { audit }) };
    default:
      return { error: "unknown op: status, reload, shutdown, disable-sudo, enable-sudo" };
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
