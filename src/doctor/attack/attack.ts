/**
 * `egress doctor --attack` where no egress guards the machine: a little network, a sink in it, every attack first
 * without egress and then under `egress run`.
 *
 * @module
 */

import type { Internet } from "../../demo/internet.ts";
import { sourcePath } from "../../demo/root.ts";
import { assault, type Field, newWord } from "./assault.ts";
import { ATTACKS } from "./attacks.ts";
import { arrivedWord, holds, judge } from "./judge.ts";
import { DEMO_GROUND } from "./order.ts";
import type { AttackReport } from "./report.ts";
import { openSink, targetOf } from "./sink.ts";

/** What egress lets through while it is attacked. */
const POLICY = "site.test\nhttp://site.test/*\n";

/**
 * Attacks `egress run`.
 *
 * @param internet a fresh one; its client's namespace is spoilt afterwards
 * @param hole rule that is added to the policy
 * @throws {ToolError} when the sink cannot be made
 */
export async function attackRun(internet: Internet, hole?: string): Promise<AttackReport> {
  const begin = performance.now();
  await openSink(internet.servers, ATTACKS.map((_, index) => targetOf(index)));
  const field: Field = {
    ground: DEMO_GROUND,
    sink: internet.servers,
    enter: (command) => internet.command(command),
    async received() {
      await internet.world.settle();
      return internet.received;
    },
  };
  const control = await assault(field, ATTACKS);
  const allowed = newWord();
  const policy = POLICY + (hole === undefined ? "" : `${hole}\n`);
  const trial = await assault(field, ATTACKS, {
    around: [
      ...[sourcePath("egress"), "run", "--policy-text", policy, "--upstream-ca", internet.caFile],
      ...["--user", "root", "--"],
    ],
    underEgress: true,
    allowed,
  });
  const attacks = judge(control, trial);
  const works = arrivedWord(allowed, trial.arrivals);
  return {
    target: "run",
    ok: holds(attacks, works),
    attacks,
    allowed: works,
    said: trial.said,
    seconds: (performance.now() - begin) / 1000,
  };
}
