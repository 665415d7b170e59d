/**
 * `egress doctor`: can this machine run egress, and does egress hold on it?
 *
 * @module
 */

import { ToolError } from "../demo/command.ts";
import { Internet } from "../demo/internet.ts";
import { onInterrupt } from "../demo/interrupt.ts";
import { painter } from "../demo/render.ts";
import { WorldLostError } from "../demo/world_process.ts";
import { attackRun } from "../doctor/attack/attack.ts";
import { attackMachine, LiveSink } from "../doctor/attack/live.ts";
import { renderAttacks } from "../doctor/attack/render.ts";
import type { AttackReport } from "../doctor/attack/report.ts";
import { canRun, type Check } from "../doctor/check.ts";
import { checksOf } from "../doctor/checks.ts";
import { probe } from "../doctor/probe.ts";
import { renderChecks } from "../doctor/render.ts";
import { trial } from "../doctor/trial.ts";
import { validatePolicy } from "../policy/mod.ts";
import { ask, NotRunning } from "./control.ts";
import { Exit, type ParsedArgs, runCommand, UsageError } from "./args.ts";
import type { Io } from "./io.ts";

/** What `egress doctor --help` says. */
export const help = `egress doctor [--attack] [--json]

Says what this machine can and cannot do, what to do about it, and whether egress can run here.

  --attack     try every known way past egress instead: in a little network of its own, with harmless
               payloads to a sink of its own, first without egress (to see that the way is one), then
               under egress run. Needs root; takes less than 20 seconds; leaves nothing behind
  --machine    with --attack: attack the egress that guards this machine (egress start), with those of
               the attacks that harm nothing; so it does by itself where one guards it
  --hole RULE  with --attack: add RULE to the policy, to see that doctor notices what gets through
  --json       one JSON object instead of text

Exit status: 0 egress can run here / nothing got through, 1 it cannot / something got through, 2 an
argument cannot be used.
`;

const OPTIONS = {
  attack: { type: "boolean" },
  hole: { type: "string" },
  machine: { type: "boolean" },
  json: { type: "boolean" },
} as const;

type Parsed = ParsedArgs<typeof OPTIONS>;

/** Runs the command. @returns the exit status */
export function main(args: string[], io?: Io): Promise<number> {
  return runCommand({ name: "doctor", help, options: OPTIONS, run }, args, io);
}

async function run({ values, positionals }: Parsed, io: Io): Promise<number> {
  if (positionals.length > 0) throw new UsageError(`unexpected argument ${positionals[0]}`);
  if (values.attack) return await attack(values, io);
  if (values.hole !== undefined) throw new UsageError("--hole goes with --attack");
  if (values.machine) throw new UsageError("--machine goes with --attack");
  const checks: Check[] = checksOf(await probe());
  // Where something is missing, the trial could only say so again.
  if (canRun(checks)) checks.push(await trial());
  const fine = canRun(checks);
  io.out(
    values.json
      ? JSON.stringify({ ok: fine, checks }) + "\n"
      : renderChecks(checks, painter(io.colour)),
  );
  return fine ? Exit.ok : Exit.found;
}

async function attack(values: Parsed["values"], io: Io): Promise<number> {
  if (Deno.uid() !== 0) {
    throw new UsageError("--attack needs root, to make network namespaces: run it with sudo");
  }
  const machine = values.machine === true || await isGuarded();
  if (machine && values.hole !== undefined) {
    throw new UsageError("--hole is for egress run: the machine has its own policy");
  }
  const wrong = validatePolicy(values.hole ?? "", {}).find(({ severity }) => severity === "error");
  if (wrong) throw new UsageError(`--hole is no rule: ${wrong.message}`);
  try {
    const report = machine ? await onMachine() : await onRun(values.hole);
    io.out(
      values.json ? JSON.stringify(report) + "\n" : renderAttacks(report, painter(io.colour)),
    );
    return report.ok ? Exit.ok : Exit.found;
  } catch (error) {
    if (!(error instanceof ToolError || error instanceof WorldLostError)) throw error;
    throw new UsageError(`the little network could not be built: ${error.message}`);
  }
}

/** Whether `egress start` guards this machine. */
async function isGuarded(): Promise<boolean> {
  try {
    await ask({ op: "status" });
    return true;
  } catch (error) {
    if (error instanceof NotRunning) return false;
    throw error;
  }
}

async function onRun(hole: string | undefined): Promise<AttackReport> {
  await using internet = await Internet.create();
  using _interrupts = onInterrupt(() => internet.close());
  return await attackRun(internet, hole);
}

async function onMachine(): Promise<AttackReport> {
  await using sink = await LiveSink.create();
  using _interrupts = onInterrupt(() => sink.close());
  return await attackMachine(sink);
}
