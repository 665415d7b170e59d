/**
 * `egress status`: what the egress that guards this machine says of itself.
 *
 * @module
 */

import { EgressError } from "../supervisor/errors.ts";
import type { MachineStatus } from "../supervisor/machine/status.ts";
import { ask, NotRunning } from "./control.ts";
import { parseOptions, UsageError } from "./start_args.ts";

/** Shown by `egress status --help`. */
export const help = `egress status: is this machine guarded, and how

  egress status [--json]

Exit status: 0 guarded, 1 not guarded or refused, 2 wrong arguments.
`;

/** Runs the command. @returns the exit status */
export async function main(args: string[]): Promise<number> {
  try {
    const values = parseOptions(args, {
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    });
    if (values.help) {
      console.log(help.trimEnd());
      return 0;
    }
    const answer = await ask({ op: "status" });
    if (typeof answer.error === "string") {
      console.error(`egress status: ${answer.error}`);
      return 1;
    }
    console.log(values.json ? JSON.stringify(answer) : render(answer as unknown as MachineStatus));
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`egress status: ${error.message}\nSee egress status --help.`);
      return 2;
    }
    if (!(error instanceof NotRunning || error instanceof EgressError)) throw error;
    if (args.includes("--json")) console.log(JSON.stringify({ running: false }));
    else console.error(`egress: ${error.message}`);
    return 1;
  }
}

/** The status in words. */
export function render(status: MachineStatus): string {
  const { gate, queue } = status;
  const lines = [
    `mode       ${status.mode}${status.closed_reason ? ` (${status.closed_reason})` : ""}`,
    `policy     sha256 ${status.policy_sha256}`,
    `up         ${status.uptime_s} s`,
    `roles      ${Object.entries(status.roles).map(([r, pid]) => `${r} (${pid})`).join(", ")}`,
    `allowed    ${status.allowed}`,
    `blocked    ${status.blocked}`,
    ...(gate ? [`gate       ${gate.passed} passed, ${gate.dropped} dropped`] : []),
    ...(queue ? [`queue      ${queue.packets} packets, ${queue.denied} denied`] : []),
    `sudo       ${status.sudo}`,
    `control    ${status.control}`,
    ...status.blocked_destinations.map((d) => `  x ${d.count} x ${d.destination}`),
  ];
  return lines.join("\n");
}
