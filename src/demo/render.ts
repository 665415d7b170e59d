/**
 * The demo's result as text.
 *
 * @module
 */

import { type Channel, CHANNELS } from "./outcome.ts";
import type { Run } from "./scenario.ts";

/** Paints a text when colours are wanted. */
export type Paint = (code: "bold" | "dim" | "red" | "green" | "yellow", text: string) => string;

/** A painter: ANSI colours, or none. */
export function painter(colours: boolean): Paint {
  const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 };
  return (code, text) => colours ? `\x1b[${codes[code]}m${text}\x1b[0m` : text;
}

const LABELS: Record<Channel, string> = {
  https: "over HTTPS",
  http: "over plain HTTP",
  dns: "in a DNS lookup",
  udp: "over UDP",
  tcp: "over raw TCP",
};

const FIRST = 34;
const SECOND = 22;

/** A table of what reached whom in both runs. */
export function renderTable(audit: Run, enforced: Run, secret: string, paint: Paint): string {
  const row = (label: string, left: string, right: string, good: boolean) =>
    `  ${label.padEnd(FIRST)}${left.padEnd(SECOND)}${paint(good ? "green" : "red", right)}`;
  const heading = `  ${"".padEnd(FIRST)}${"audit".padEnd(SECOND)}enforced`;
  const stolen = CHANNELS.map((channel) => {
    const [before, after] = [audit.stolen[channel], enforced.stolen[channel]];
    const cell = (count: number) => count === 0 ? "nothing" : `${secret.slice(0, 12)}...`;
    return row(`  ${LABELS[channel]}`, cell(before), cell(after), after === 0);
  });
  const installed = (run: Run) => run.installed ? "installed" : "failed";
  return [
    paint("bold", heading),
    "  what the attacker received",
    ...stolen,
    row("  packets to its network", `${audit.packets}`, `${enforced.packets}`, !enforced.packets),
    "  what the install was for",
    row("  the package", installed(audit), installed(enforced), enforced.installed),
    row(
      "  requests served by the registry",
      `${audit.served}`,
      `${enforced.served}`,
      enforced.served > 0,
    ),
  ].join("\n");
}

/** What went otherwise than the demo claims; empty when all is well. */
export function disappointments(audit: Run, enforced: Run): string[] {
  const found: string[] = [];
  for (const channel of CHANNELS) {
    if (audit.stolen[channel] === 0) found.push(`in audit nothing got out ${LABELS[channel]}`);
    if (enforced.stolen[channel] > 0) found.push(`enforced, the secret got out ${LABELS[channel]}`);
  }
  if (enforced.contacts > 0) found.push("enforced, the attacker was reached");
  if (enforced.packets > 0) found.push("enforced, packets went to the attacker's network");
  for (const [name, run] of [["audit", audit], ["enforced", enforced]] as const) {
    if (run.status !== 0) found.push(`${name}: egress run ended with ${run.status}`);
    if (!run.installed || run.served === 0) found.push(`${name}: the package was not installed`);
  }
  return found;
}
