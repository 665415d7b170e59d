/**
 * Asks the guard through its control socket (docs/control-socket.md): one JSON line out, one in.
 *
 * @module
 */

import { createConnection } from "node:net";
import type { ControlRequest } from "../protocol/mod.ts";
import { reasonOf } from "./errors.ts";

/** Where the guard listens; its folder is root's alone. */
export const CONTROL_SOCKET = "/run/egress/control.sock";

/** Nobody answers: no guard is there, or it was killed. */
export class NotRunning extends Error {
  override name = "NotRunning";
}

/** The guard does not do what was asked. */
export class Refused extends Error {
  override name = "Refused";
}

/** Longest answer, UTF-16 units. */
const MAX_ANSWER = 4 * 1024 * 1024;
/** Longest wait for an answer, ms. */
const PATIENCE = 60_000;
/** Longest wait for a refusal, which comes at once, ms. */
const REFUSAL_PATIENCE = 5_000;

/**
 * Sends one request.
 *
 * @returns the answer
 * @throws {NotRunning}
 * @throws {Refused} with the guard's words
 */
export async function ask(
  request: ControlRequest,
  path = CONTROL_SOCKET,
): Promise<Record<string, unknown>> {
  const line = await exchange(path, JSON.stringify(request) + "\n");
  const answer = parse(line);
  if (typeof answer["error"] === "string") throw new Refused(answer["error"]);
  return answer;
}

function parse(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Cut short: said below.
  }
  throw new NotRunning("the guard ended before it answered");
}

/**
 * Who may not ask is told so before the request is read; writing it then fails, and Node gives up what came in. So
 * a second connection only listens.
 */
async function exchange(path: string, line: string): Promise<string> {
  try {
    return await converse(path, line, PATIENCE);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const refused = code === "EPIPE" || code === "ECONNRESET";
    const text = refused ? await converse(path, "", REFUSAL_PATIENCE).catch(() => "") : ""; // said below
    if (text !== "") return text;
    throw new NotRunning(`no guard answers (${reasonOf(error)})`, { cause: error });
  }
}

function converse(path: string, line: string, patience: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path });
    let text = "";
    socket.setEncoding("utf8");
    socket.setTimeout(patience, () => socket.destroy(new Error("it took too long")));
    if (line !== "") socket.on("connect", () => socket.write(line));
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > MAX_ANSWER) socket.destroy(new Error("the answer is too long"));
    });
    socket.on("end", () => resolve(text));
    socket.on("error", (error: Error) => text.endsWith("\n") ? resolve(text) : reject(error));
  });
}
