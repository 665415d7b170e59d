/**
 * The doctor's findings as text. Pure.
 *
 * @module
 */

import type { Paint } from "../demo/render.ts";
import { canRun, type Check } from "./check.ts";

const COLOURS = { ok: "green", limited: "yellow", missing: "red" } as const;
const WIDTH = "limited".length;

/** The table of what the machine can and cannot do, and what to do about it. */
export function renderChecks(checks: readonly Check[], paint: Paint): string {
  const name = Math.max(...checks.map((check) => check.name.length));
  const lines = checks.flatMap((check) => {
    const status = paint(COLOURS[check.status], check.status.padEnd(WIDTH));
    const row = `  ${check.name.padEnd(name)}  ${status}  ${plain(check.found)}`;
    if (check.todo === undefined) return [row];
    return [row, `  ${"".padEnd(name + WIDTH + 4)}${paint("bold", "->")} ${check.todo}`];
  });
  const verdict = canRun(checks)
    ? paint("green", "egress can run here.")
    : paint("red", "egress cannot run here: see what is missing.");
  return [...lines, "", `  ${verdict}`, ""].join("\n");
}

/** What programs said is not to reach the terminal's own commands. */
function plain(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, "?");
}
