/**
 * What keeps the wrapper from being put in or taken out.
 *
 * @module
 */

/** Says what is wrong and what to do. */
export class InstallError extends Error {
  override name = "InstallError";
}
