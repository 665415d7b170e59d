/**
 * The sink: addresses of the attacker's ranges in the demo's internet, one for each attack, with a counter for each.
 *
 * @module
 */

import { tool } from "../../demo/command.ts";
import { ATTACKER_RANGE, ATTACKER_RANGE6 } from "../../demo/hosts.ts";

/** First of the addresses, 203.0.113.N and 2001:db8:66::N (hosts.ts keeps these ranges for the attacker). */
const FIRST = 100;

/** The ranges that the addresses are of. */
export const SINK_RANGES = { v4: ATTACKER_RANGE, v6: ATTACKER_RANGE6 } as const;

/** Where one attack goes. */
export interface Target {
  v4: string;
  v6: string;
}

/** The addresses of the attack with that number, from 0. */
export function targetOf(index: number): Target {
  return { v4: `203.0.113.${FIRST + index}`, v6: `2001:db8:66::${(FIRST + index).toString(16)}` };
}

/**
 * Makes the servers' namespace take and count what comes for the targets. Whatever the protocol, and whether or not
 * anybody listens: one packet shows.
 *
 * @param servers network namespace, by name
 * @throws {ToolError} when `ip` or `iptables` refuses
 */
export async function openSink(servers: string, targets: readonly Target[]): Promise<void> {
  await Promise.all([
    // Whole ranges are local, so that senders get answers at once instead of waiting.
    tool(["ip", "-netns", servers, "route", "add", "local", SINK_RANGES.v4, "dev", "lo"]),
    tool(["ip", "-netns", servers, "-6", "route", "add", "local", SINK_RANGES.v6, "dev", "lo"]),
  ]);
  for (const [restore, key] of [["iptables-restore", "v4"], ["ip6tables-restore", "v6"]] as const) {
    const rules = targets.map((target) => `-A PREROUTING -i downlink -d ${target[key]}`);
    await inside(servers, [restore, "--noflush"], ["*raw", ...rules, "COMMIT", ""].join("\n"));
  }
}

/**
 * Packets so far, by address.
 *
 * @throws {ToolError} when the namespace is gone
 */
export async function readSink(servers: string): Promise<Map<string, number>> {
  const saved = await Promise.all(
    ["iptables-save", "ip6tables-save"].map((save) => inside(servers, [save, "-c", "-t", "raw"])),
  );
  return parseCounters(saved.join("\n"));
}

/** Reads `[PACKETS:BYTES] -A PREROUTING -d ADDRESS/LENGTH ...` lines. Pure. */
export function parseCounters(saved: string): Map<string, number> {
  const counters = new Map<string, number>();
  for (const line of saved.split("\n")) {
    const [, packets, address] =
      /^\[(\d+):\d+\] -A PREROUTING -d ([^/ ]+)\/(?:32|128) /.exec(line) ??
        [];
    if (address !== undefined) counters.set(address, Number(packets));
  }
  return counters;
}

function inside(servers: string, command: string[], input = ""): Promise<string> {
  return tool(["nsenter", `--net=/run/netns/${servers}`, ...command], { input });
}
