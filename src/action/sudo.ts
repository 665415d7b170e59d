/**
 * Takes sudo from the job's user, or gives it back.
 *
 * @module
 */

import { ask } from "./control.ts";
import { HookError, reasonOf } from "./errors.ts";
import { say } from "./hook.ts";

/**
 * Gives the guard the order.
 *
 * @throws {HookError} if it was not carried out
 */
export async function orderSudo(op: "disable-sudo" | "enable-sudo"): Promise<void> {
  try {
    const { sudo } = await ask({ op });
    const wanted = op === "disable-sudo" ? "disabled" : "allowed";
    // "absent": the machine has no sudoers file of the job's user, so there is nothing to take or give.
    if (sudo !== wanted && sudo !== "absent") throw new Error(`sudo is ${sudo}`);
    say(`egress: sudo is ${sudo} from here on`);
  } catch (error) {
    throw new HookError(`${op} failed: ${reasonOf(error)}`, undefined, { cause: error });
  }
}
