/**
 * Asks the egress that guards this machine, through its control socket.
 *
 * @module
 */

import type { ControlRequest } from "../protocol/mod.ts";
import { EgressError } from "../supervisor/errors.ts";
import { CONTROL_SOCKET } from "../supervisor/machine/places.ts";

/** Nobody answers. */
export class NotRunning extends Error {
  override name = "NotRunning";
}

/** Longest wait for an answer, ms. */
const PATIENCE = 60_000;

/**
 * Sends a request and waits for its answer.
 *
 * @throws {NotRunning} if no egress guards this machine
 * @throws {EgressError} if it ended before it answered
 */
export async function ask(request: ControlRequest): Promise<Record<string, unknown>> {
  using connection = await connect();
  const timer = setTimeout(() => connection.close(), PATIENCE);
  try {
    await send(connection, request);
    return JSON.parse(await readLine(connection));
  } catch (error) {
    throw new EgressError("egress ended before it answered", "look with egress status", {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

async function readLine(connection: Deno.UnixConn): Promise<string> {
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(65536);
  let line = "";
  while (!line.endsWith("\n")) {
    const size = await connection.read(chunk);
    if (size === null) break;
    line += decoder.decode(chunk.subarray(0, size), { stream: true });
  }
  return line;
}

async function connect(): Promise<Deno.UnixConn> {
  try {
    return await Deno.connect({ transport: "unix", path: CONTROL_SOCKET });
  } catch (error) {
    const absent = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.ConnectionRefused;
    if (!absent) throw error;
    throw new NotRunning("no egress guards this machine", { cause: error });
  }
}

async function send(connection: Deno.UnixConn, request: ControlRequest): Promise<void> {
  let bytes = new TextEncoder().encode(JSON.stringify(request) + "\n");
  try {
    while (bytes.length > 0) bytes = bytes.subarray(await connection.write(bytes));
  } catch (error) {
    // Refused before it was read: the answer says so.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
