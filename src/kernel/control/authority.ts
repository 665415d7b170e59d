/**
 * Who may use the control socket. Pure.
 *
 * @module
 */

import type { ControlAuthority } from "../../protocol/mod.ts";
import type { Step } from "../process/steps.ts";

/** What is known of a caller. */
export interface Caller {
  uid: number;
  /** Whether it lives in egress's own user and pid namespaces. */
  onHost: boolean;
  /** The step that it was born in; undefined if it belongs to none. */
  step: Step | undefined;
}

/** @returns why the caller may not, undefined if it may */
export function refusal(caller: Caller, authority: ControlAuthority): string | undefined {
  if (authority.by === "root") {
    if (caller.uid !== 0) return "only root may: egress was started outside GitHub Actions";
    return caller.onHost ? undefined : "only root of the host's own namespaces may";
  }
  if (authority.repository === "") {
    return "nobody may: egress was started by a step that is not an action";
  }
  if (caller.step === undefined) return "the caller does not descend from a step of this job";
  if (caller.step.action === authority.repository) return undefined;
  return `the caller belongs to ${
    caller.step.action ?? "a step that is not an action"
  }: only ${authority.repository} may`;
}
