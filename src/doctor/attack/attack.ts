/**
 * `egress doctor --attack`: a little network, a sink in it, every attack first without egress and then under it.
 *
 * @module
 */

import { feed } from "../../demo/command.ts";
import type { Internet } from "../../demo/internet.ts";
import { sourcePath } from "../../demo/root.ts";
import { ATTACKS } from "./attacks.ts";
import { type Arrivals, arrivedWord, type AttackResult, holds, judge } from "./judge.ts";
import { type Aimed, orderFor } from "./order.ts";
import { openSink, readSink, targetOf } from "./sink.ts";

/** What egress lets through while it is attacked. */
const POLICY = "site.test\nhttp://site.test/*\n";

/** What came of it. */
export interface AttackReport {
  /** Nothing got through, what is allowed did, and something was tested. */
  ok: boolean;
  attacks: AttackResult[];
  /** A request to an allowed host got through; if not, nothing that was blocked says anything. */
  allowed: boolean;
  /** What egress said last on stderr. */
  said: string;
  seconds: number;
}

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
  const control = await assault(internet, aim(), []);
  const allowed = word();
  const policy = POLICY + (hole === undefined ? "" : `${hole}\n`);
  const trial = await assault(internet, aim(), [
    ...[sourcePath("egress"), "run", "--policy-text", policy, "--upstream-ca", internet.caFile],
    ...["--user", "root", "--"],
  ], allowed);
  const attacks = judge(control, trial);
  const works = arrivedWord(allowed, trial.arrivals);
  return {
    ok: holds(attacks, works),
    attacks,
    allowed: works,
    said: trial.said,
    seconds: (performance.now() - begin) / 1000,
  };
}

function aim(): Aimed[] {
  return ATTACKS.map((attack, index) => ({ attack, target: targetOf(index), word: word() }));
}

function word(): string {
  return `w${crypto.randomUUID().replaceAll("-", "")}`;
}

/** Runs the attacks as a client and collects what arrives. @param around command line that they run under */
async function assault(
  internet: Internet,
  aimed: Aimed[],
  around: string[],
  allowed?: string,
): Promise<{ aimed: Aimed[]; arrivals: Arrivals; said: string }> {
  const before = await readSink(internet.servers);
  const first = internet.received.length;
  const driver = ["/usr/bin/python3", "-I", "-S", sourcePath("src/doctor/attack/driver.py")];
  const [file = "", ...args] = internet.command([...around, ...driver]);
  const child = new Deno.Command(file, {
    args,
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NO_COLOR: "1" },
    clearEnv: true,
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const fed = feed(child.stdin.getWriter(), orderFor(aimed, allowed));
  const output = await child.output();
  await fed;
  await internet.world.settle();
  const arrivals = {
    received: internet.received.slice(first),
    before,
    after: await readSink(internet.servers),
  };
  return { aimed, arrivals, said: new TextDecoder().decode(output.stderr).trim() };
}
