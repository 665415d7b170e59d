/**
 * Lets the YAML parser run without env permission.
 *
 * @module
 */

import process from "node:process";

/**
 * Runs `work` with an empty `process.env`. The `yaml` package asks it for two debugging switches on
 * every token, which Deno refuses to a process that may only read files.
 *
 * @param work must be synchronous, so that nothing else sees the empty environment
 */
export function withoutEnv<T>(work: () => T): T {
  const saved = Object.getOwnPropertyDescriptor(process, "env");
  Object.defineProperty(process, "env", { value: {}, configurable: true });
  try {
    return work();
  } finally {
    if (saved) Object.defineProperty(process, "env", saved);
  }
}
