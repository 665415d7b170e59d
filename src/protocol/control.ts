/**
 * The control socket: one JSON line in, one out (docs/control-socket.md).
 *
 * @module
 */

/** What a caller may ask for. */
export type ControlRequest =
  | { op: "status" }
  | { op: "shutdown" }
  | { op: "reload"; policy: string; audit?: boolean }
  | { op: "disable-sudo" }
  | { op: "enable-sudo" };

/** Longest request, bytes with its line end. */
export const MAX_CONTROL_LINE = 1024 * 1024;

/**
 * Who may ask, settled when egress starts.
 *
 * `action`: what descends from a direct child of this worker whose GITHUB_ACTION_REPOSITORY, as the worker gave
 * it, is `repository`; nobody if that is empty. `root`: root of the host's namespaces.
 */
export type ControlAuthority =
  | { by: "root" }
  | {
    by: "action";
    repository: string;
    /** The worker's process, and its start in ticks since boot. */
    worker: { pid: number; startTicks: number };
  };

/** What the kernel role must know to open the control socket. */
export interface ControlBoot {
  /** Its folder is root's alone. */
  socketPath: string;
  /** Process that asked for the start, alive until the role is ready. */
  starter: number;
  /** Where a GitHub runner's worker is. */
  runner: { exe: string; cgroup: string };
  /** Present when the role is started again: what was settled at first. */
  authority?: ControlAuthority;
}
