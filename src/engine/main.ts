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
      for (const answer of loop.push(buffer.subarray(0, read))) writeAll(answer);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      console.error(`egress engine: fd 0 carries no frames: ${error.message}`);
      return 1;
    }
  }
}

function writeAll(bytes: Uint8Array) {
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

if (import.meta.main) Deno.exit(main());
