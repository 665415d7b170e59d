/**
 * Reads the boot frame.
 *
 * @module
 */

import { FrameDecoder, type ProxyBoot, type RelayBoot } from "../protocol/mod.ts";

/** Stdin held no boot frame for this role. */
export class BootError extends Error {
  override name = "BootError";
}

/**
 * Reads one frame from stdin, which the proxy does not read again afterwards.
 *
 * @throws {BootError} if stdin ends before, or the frame is another role's
 * @throws {FrameError} if it is no frame
 */
export function readBoot(): ProxyBoot | RelayBoot {
  const decoder = new FrameDecoder();
  const buffer = new Uint8Array(64 * 1024);
  for (;;) {
    const count = Deno.stdin.readSync(buffer);
    if (count === null) throw new BootError("stdin ended before the boot frame");
    const [frame] = decoder.push(buffer.subarray(0, count));
    if (!frame) continue;
    if (!isBoot(frame.body)) throw new BootError("the boot frame is not the proxy's");
    return frame.body;
  }
}

function isBoot(body: unknown): body is ProxyBoot | RelayBoot {
  return typeof body === "object" && body !== null && "role" in body &&
    (body.role === "proxy" || body.role === "relay");
}
