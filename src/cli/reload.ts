/**
 * `egress reload`: another policy for the machine that egress guards.
 *
 * @module
 */

import { EgressError } from "../supervisor/errors.ts";
import { ask, NotRunning } from "./control.ts";
import { checkPolicy, InvalidPolicy, readPolicy } from "./policy_input.ts";
import { parseOptions, UsageError } from "./start_args.ts";

/** Shown by `egress reload --help`. */
export const help = `egress reload: swap the policy of a guarded machine

  egress reload --policy FILE | --policy-text TEXT [--audit | --enforce]

Connections that are open are judged again. A policy with errors changes nothing.

Exit status: 0 the new policy holds, 1 it does not (the old one does), 2 wrong arguments.
`;

const OPTIONS = {
  policy: { type: "string" },
  "policy-text": { type: "string" },
  audit: { type: "boolean" },
  enforce: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** Runs the command. @returns the exit status */
export async function main(args: string[]): Promise<number> {
  try {
    const values = parseOptions(args, OPTIONS);
    if (values.help) {
      console.log(help.trimEnd());
      return 0;
    }
    const text = values["policy-text"];
    if ((values.policy === undefined) === (text === undefined)) {
      throw new UsageError("pass either --policy FILE or --policy-text TEXT");
    }
    if (values.audit && values.enforce) {
      throw new UsageError("--audit and --enforce exclude each other");
    }
    const policy = text ?? await readPolicy(values.policy!);
    checkPolicy(
      policy,
      values.policy ?? "--policy-text",
      values.audit ?? false,
      undefined,
      console.error,
    );
    const audit = values.audit ? true : values.enforce ? false : undefined;
    const answer = await ask({ op: "reload", policy, ...(audit !== undefined && { audit }) });
    if (typeof answer.error !== "string") return 0;
    console.error(`egress reload: ${answer.error}`);
    return 1;
  } catch (error) {
    return failed(error);
  }
}

function failed(error: unknown): number {
  if (error instanceof UsageError) {
    console.error(`egress reload: ${error.message}\nSee egress reload --help.`);
    return 2;
  }
  if (error instanceof InvalidPolicy || error instanceof NotRunning) {
    console.error(`egress: ${error.message}`);
    return 1;
  }
  if (!(error instanceof EgressError)) throw error;
  console.error(`egress: ${error.message}`);
  return 2;
}
