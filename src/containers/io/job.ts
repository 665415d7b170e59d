/**
 * What one call of runc is about.
 *
 * @module
 */

import type { RuncCall } from "../runc_args.ts";
import type { Settings } from "../settings.ts";

/** Everything a handler works with. */
export interface Job {
  /** The wrapper's folder. */
  folder: string;
  settings: Settings;
  call: RuncCall;
  /** `net:[4026531840]`: where runc runs. */
  netns: string;
  /** The kernel confines by AppArmor. */
  apparmor: boolean;
  /** /proc/self/mountinfo, where runc runs. */
  mountinfo: string;
}
