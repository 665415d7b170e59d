/**
 * Where the egress that guards a whole machine keeps what others must find.
 *
 * @module
 */

/** Its folder is root's alone; everybody may connect. */
export const CONTROL_SOCKET = "/run/egress/control.sock";

/** What the last one found when it ended; everybody may read it. */
export const STOPPED = "/run/egress/stopped.json";

/** A guard's folder has this file, so that nothing but `start` and `stop` takes it apart. */
export const MARK = "machine";

/** What a guard that has ended says of it. */
export interface Stopped {
  id: string;
  /** What is not as it was before the start: lines of the fingerprint. */
  differences: string[];
  /** What could not be put back, in words. */
  problems: string[];
}
