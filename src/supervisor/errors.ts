/**
 * What can go wrong before or during a run, in words for the user.
 *
 * @module
 */

/** Exit status when egress itself failed (as `timeout`, `env` and `chroot` use it). */
export const EXIT_EGRESS_FAILED = 125;

/** egress itself failed: says what, and what to do about it. */
export class EgressError extends Error {
  override name = "EgressError";
  /** What the user can do. */
  readonly hint: string | undefined;

  /**
   * @param message one sentence: what failed, with the data that matters
   * @param hint one sentence: what to do
   */
  constructor(message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}
