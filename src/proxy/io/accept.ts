/**
 * Accepting connections for as long as a listener is open.
 *
 * @module
 */

import { isConnectionError } from "./stream.ts";

/** Pause after a failed accept: out of file descriptors, it would fail again at once. */
const PAUSE_MS = 20;

/** What {@link acceptAll} needs of a listener. */
interface Accepting<T> {
  accept(): Promise<T>;
}

/** Hands over every accepted connection; returns once the listener is closed. */
export async function acceptAll<T>(listener: Accepting<T>, take: (conn: T) => void): Promise<void> {
  for (;;) {
    try {
      take(await listener.accept());
    } catch (error) {
      if (error instanceof Deno.errors.BadResource) return;
      if (error instanceof Deno.errors.Interrupted) return;
      if (!isConnectionError(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
