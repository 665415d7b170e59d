/**
 * Environment lines that lead the programs of later steps to the machine's CA bundle. Pure.
 *
 * @module
 */

import { CA_VARIABLES } from "../../protocol/mod.ts";

/** Lines as a GITHUB_ENV file takes them. @param bundle path of the machine's bundle, which holds the guard's CA */
export function caEnvironment(bundle: string): string {
  return CA_VARIABLES.map((name) => `${name}=${bundle}\n`).join("");
}
