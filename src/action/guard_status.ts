/**
 * What the guard says of itself, as far as the hooks use it. Pure.
 *
 * @module
 */

/** The part of a status (docs/control-socket.md) that the hooks rely on. */
export interface GuardStatus {
  /** Eight hexadecimal digits that name the guard. */
  id: string;
  mode: "enforce" | "audit" | "closed";
  /** Why it is closed. */
  closed_reason?: string;
  uptime_s: number;
  allowed: number;
  blocked: number;
  sudo: "allowed" | "disabled" | "absent";
  /** Who may give orders: `root`, an action's `owner/name`, or `nobody`. */
  control: string;
  /** Path of the log. */
  log?: string;
}

/**
 * Checks an answer to `status`, which came as JSON.
 *
 * @throws {Error} if it is none
 */
export function toGuardStatus(value: unknown): GuardStatus {
  const status = value as Partial<GuardStatus> | null;
  const ok = typeof status === "object" && status !== null &&
    typeof status.id === "string" && typeof status.mode === "string" &&
    Number.isSafeInteger(status.uptime_s) && Number.isSafeInteger(status.allowed) &&
    Number.isSafeInteger(status.blocked) &&
    typeof status.sudo === "string" && typeof status.control === "string" &&
    (status.log === undefined || typeof status.log === "string");
  if (!ok) throw new Error("the guard's status cannot be understood");
  return status as GuardStatus;
}

/** The status in one line. */
export function statusLine(status: GuardStatus): string {
  const { mode, closed_reason, sudo, allowed, blocked, control } = status;
  const why = closed_reason === undefined ? "" : ` (${closed_reason})`;
  return `egress guards this machine: ${mode}${why}, sudo ${sudo}, orders from ${control}; ` +
    `${allowed} allowed, ${blocked} ${mode === "audit" ? "would be blocked" : "blocked"} so far`;
}
