/**
 * How a policy is derived from what was seen.
 *
 * @module
 */

/** What rules are tied to, besides their destination. */
export type Scope = "none" | "exe" | "step" | "action" | "image";

/** All of them. */
export const SCOPES: readonly Scope[] = ["none", "exe", "step", "action", "image"];

/** Options of a {@link PolicyDraft}. */
export interface DraftOptions {
  /** The attribute that every rule gets, so that it holds only for who was seen. Default `none`. */
  scope?: Scope;
  /** Leave out what fewer logs than this show. Default 1. */
  minRuns?: number;
  /** Fold three and more sibling hosts into one wildcard. Default false. */
  wildcards?: boolean;
  /** `owner/name`: such path segments become placeholders. */
  repository?: string;
}
