/**
 * The hook of the sub-action disable-sudo.
 *
 * @module
 */

import { runHook } from "./hook.ts";
import { orderSudo } from "./sudo.ts";

await runHook(() => orderSudo("disable-sudo"));
