/**
 * `egress stop`: ends the guard of this machine and shows that everything is as before.
 *
 * @module
 */

import { EgressError, EXIT_EGRESS_FAILED } from "../supervisor/errors.ts";
import { probeMachine } from "../supervisor/machine.ts";
import { clearGuards } from "../supervisor/machine/one_guard.ts";
import { STOPPED, type Stopped } from "../supervisor/machine/places.ts";
import { ask, NotRunning } from "./control.ts";
import { parseOptions, UsageError } from "./start_args.ts";

/** Shown by `egress stop --help`. */
export const help = `egress stop: end the guard of this machine

  egress stop

Everything is put back as it was before egress start; what is not, is printed. What a killed guard left is put
in order too (as root): until then the machine is closed.

Exit status: 0 all is as before, 1 it is not, or there was no guard, or it refused; 2 wrong arguments.
`;

/** Longest wait for the guard's end, ms. */
const PATIENCE = 60_000;

/** Runs the command. @returns the exit status */
export async function main(args: string[]): Promise<number> {
  try {
    if (parseOptions(args, { help: { type: "boolean", short: "h" } }).help) {
      console.log(help.trimEnd());
      return 0;
    }
    return await stop();
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`egress stop: ${error.message}\nSee egress stop --help.`);
      return 2;
    }
    if (!(error instanceof EgressError)) throw error;
    console.error(`egress: ${error.message}`);
    return EXIT_EGRESS_FAILED;
  }
}

async function stop(): Promise<number> {
  try {
    const answer = await ask({ op: "shutdown" });
    if (typeof answer.error === "string") {
      console.error(`egress stop: ${answer.error}`);
      return 1;
    }
    return report(await waitForEnd(String(answer.id)));
  } catch (error) {
    if (!(error instanceof NotRunning)) throw error;
    return await clearKilled(error.message);
  }
}

async function clearKilled(why: string): Promise<number> {
  if (Deno.uid() !== 0) {
    console.error(`egress stop: ${why}; what a killed one left, root's egress stop puts in order`);
    return 1;
  }
  const { netns } = await probeMachine();
  const env = Deno.env.toObject();
  const { EGRESS_ROOT: root = "", EGRESS_BUNDLE: bundle, EGRESS_OBJECT: object = "" } = env;
  const home = { root, object, ...(bundle !== undefined && { bundle }) };
  const { cleared, problems } = await clearGuards(netns, home, env);
  for (const id of cleared) {
    console.error(`egress: put in order what ${id} left when it was killed`);
  }
  for (const problem of problems) console.error(`egress: could not put in order: ${problem}`);
  if (cleared.length === 0) console.error(`egress stop: ${why}`);
  return cleared.length > 0 && problems.length === 0 ? 0 : 1;
}

async function waitForEnd(id: string): Promise<Stopped> {
  const end = Date.now() + PATIENCE;
  while (Date.now() < end) {
    const stopped = readStopped();
    if (stopped?.id === id) return stopped;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new EgressError(`the guard ${id} was told to end, and did not within ${PATIENCE / 1000} s`);
}

function readStopped(): Stopped | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(STOPPED));
  } catch (error) {
    // Not there yet, or half written.
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function report({ differences, problems }: Stopped): number {
  for (const problem of problems) console.error(`egress: could not put back: ${problem}`);
  for (const line of differences) console.error(`egress: not as before: ${line}`);
  if (problems.length + differences.length > 0) return 1;
  console.log("egress ended; this machine is as it was before the start");
  return 0;
}
