/**
 * What came of the attacks, as text. Pure.
 *
 * @module
 */

import type { Paint } from "../../demo/render.ts";
import type { AttackReport } from "./report.ts";

const COLOURS = { blocked: "green", passed: "red", untested: "yellow" } as const;
const WORDS = { blocked: "blocked", passed: "GOT THROUGH", untested: "NOT TESTED" } as const;

/** The table and what it comes to. */
export function renderAttacks(report: AttackReport, paint: Paint): string {
  const name = Math.max(...report.attacks.map((attack) => attack.name.length));
  const rows = report.attacks.map(({ name: text, result, root }) =>
    `  ${text.padEnd(name)}  ${root ? "root" : "    "}  ${paint(COLOURS[result], WORDS[result])}`
  );
  const count = (wanted: string) => report.attacks.filter(({ result }) => result === wanted).length;
  const [blocked, passed, untested] = ["blocked", "passed", "untested"].map(count);
  const lines = [
    ...rows,
    "",
    `  ${blocked} blocked, ${passed} got through, ${untested} not tested, in ` +
    `${report.seconds.toFixed(1)} s`,
  ];
  if (untested! > 0) {
    lines.push(
      paint(
        "yellow",
        report.target === "run"
          ? "  Not tested: without egress it did not arrive either."
          : "  Not tested: there is no way to the sink.",
      ),
    );
  }
  if (report.target === "machine") {
    lines.push(
      "  The egress that guards this machine was attacked. Nothing could be tried without it:",
    );
    lines.push(
      "  that these attacks arrive where there is no egress is shown where it does not run yet.",
    );
  }
  if (report.allowed === false) {
    lines.push(paint("red", "  What is allowed did not get through, so that nothing is shown:"));
    lines.push(report.said.replace(/[^\x20-\x7e\n]/g, "?").replace(/^/gm, "    "));
  }
  lines.push(
    report.ok ? paint("green", "  egress holds.") : paint("red", "  egress does not hold."),
    "",
  );
  return lines.join("\n");
}
