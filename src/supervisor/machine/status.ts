/**
 * What a guard says of itself (docs/control-socket.md).
 *
 * @module
 */

import type { ControlAuthority, KernelStatus } from "../../protocol/mod.ts";
import type { Journal } from "../journal.ts";
import type { SummaryEntry } from "../../protocol/summary.ts";
import type { SudoState } from "./changes.ts";

/** The answer to `status`. */
export interface MachineStatus {
  running: true;
  id: string;
  version: string;
  mode: "enforce" | "audit" | "closed";
  /** Why it is closed. */
  closed_reason?: string;
  /** SHA-256 of the policy's text, hexadecimal. */
  policy_sha256: string;
  /** ISO 8601. */
  started: string;
  uptime_s: number;
  /** Process ids by role. */
  roles: Record<string, number>;
  /** Absent while the kernel role is started again. */
  queue?: KernelStatus["queue"];
  gate?: KernelStatus["gate"];
  processes?: number;
  flows?: number;
  allowed: number;
  blocked: number;
  /** The most frequent ones. */
  blocked_destinations: SummaryEntry[];
  sudo: SudoState;
  /** Who may give orders: `root`, an action's `owner/name`, or `nobody`. */
  control: string;
  log?: string;
}

const DESTINATIONS = 50;

/** What the journal knows, as fields of the status. */
export function counted(
  journal: Journal,
): Pick<MachineStatus, "allowed" | "blocked" | "blocked_destinations"> {
  const { allowedCount, blockedCount, blocked } = journal.summary.build();
  return {
    allowed: allowedCount,
    blocked: blockedCount,
    blocked_destinations: blocked.slice(0, DESTINATIONS),
  };
}

/** What the kernel role said, as fields of the status. */
export function measured(status: KernelStatus): Partial<MachineStatus> {
  const { queue, gate, processes, flows } = status;
  return { queue, gate, processes, flows };
}

/** Names who may give orders. */
export function controller(authority: ControlAuthority | undefined): string {
  if (authority?.by === "root") return "root";
  return authority?.repository || "nobody";
}
