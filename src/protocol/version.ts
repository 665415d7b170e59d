/**
 * The version of egress, as `egress --version` and the log's start and stop lines say it.
 *
 * @module
 */

/** Equals `version` in deno.json; `tests/cli/log_schema_test.ts` checks it. */
export const VERSION = "0.1.0";
