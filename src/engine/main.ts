/**
 * The engine role: decisions and nothing else. It has no permissions; frames come on fd 0 and go
 * out on fd 1.
 *
 * @module
 */

import { FrameError } from "../protocol/frame.ts";
import { EngineLoop } from "./loop.ts";

/** Bytes read at once: some hundred questions. */
const BUFFER = 64 * 1024;

/** Serves until the kernel role closes its end. */
function main(): number {
  const loop = new EngineLoop();
  const buffer = new Uint8Array(BUFFER);
  for (;;) {
    const read = Deno.stdin.readSync(buffer);
    if (read === null) return 0;
    try {
      writeAll(joined(loop.push(buffer.subarray(0, read))));
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      console.error(`egress engine: fd 0 carries no frames: ${error.message}`);
      return 1;
    }
  }
}

/** One write for the answers to what was read at once: each wakes the kernel role. */
function joined(parts: Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function writeAll(bytes: Uint8Array) {
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

if (import.meta.main) Deno.exit(main());
