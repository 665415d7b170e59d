/**
 * The hook of the sub-action enable-sudo.
 *
 * @module
 */

import { runHook } from "./hook.ts";
import { orderSudo } from "./sudo.ts";

await runHook(() => orderSudo("enable-sudo"));
