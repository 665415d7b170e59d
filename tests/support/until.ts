/**
 * Waiting for something that only shows when one looks.
 *
 * @module
 */

/** Longest wait, ms: far more than anything takes on a busy machine. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 20;

/**
 * Looks again and again.
 *
 * @param what named when it does not come true within a minute
 * @throws {Error} then
 */
export async function until(what: string, look: () => Promise<boolean> | boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!await look()) {
    if (performance.now() > end) throw new Error(`not within a minute: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
