/**
 * How a hook ends without success.
 *
 * @module
 */

import type { Annotation } from "./commands.ts";

/** The hook cannot do its work: the job fails, and each annotation says why. */
export class HookError extends Error {
  override name = "HookError";

  /** @param annotations absent: the message itself */
  constructor(message: string, readonly annotations?: Annotation[], options?: ErrorOptions) {
    super(message, options);
  }
}

/** What an error says, for a message. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // "fetch failed" says nothing; its cause does.
  const { cause } = error;
  const more = error instanceof TypeError && cause instanceof Error;
  return more ? `${error.message}: ${cause.message}` : error.message;
}
