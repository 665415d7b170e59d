/**
 * Giving up on what takes too long.
 *
 * @module
 */

/** Thrown by {@link within}. */
export class TooSlow extends Error {
  override name = "TooSlow";
}

/**
 * Waits for `work`, but no longer than `ms`.
 *
 * @param late called with the result if it comes after all, to release it
 * @throws {TooSlow} after `ms`, or what `work` throws before
 */
export async function within<T>(
  work: Promise<T>,
  ms: number,
  late?: (result: T) => void,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let gaveUp = false;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      gaveUp = true;
      reject(new TooSlow(`not done within ${ms} ms`));
    }, ms);
  });
  const released = work.then((result) => {
    if (gaveUp) late?.(result);
    return result;
  });
  try {
    return await Promise.race([released, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for `work` to settle, but no longer than `ms`. */
export async function settled(work: Promise<unknown>, ms: number): Promise<void> {
  try {
    await within(work, ms);
  } catch (error) {
    if (!(error instanceof TooSlow)) throw error;
  }
}
