/**
 * Why a line yields no rule.
 *
 * @module
 */

/** A line is not valid. Thrown and caught within the parser; becomes a diagnostic. */
export class LineProblem extends Error {
  override name = "LineProblem";
  /**
   * @param code fixed code of the diagnostic
   * @param at offset in the line, from 0
   * @param suggestion what to write instead
   */
  constructor(
    readonly code: string,
    readonly at: number,
    message: string,
    readonly suggestion?: string,
  ) {
    super(message);
  }
}
