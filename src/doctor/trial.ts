/**
 * The last row: does `egress run` start and end here? It loads the BPF programs and sets the rules for real, in a network
 * namespace of its own.
 *
 * @module
 */

import { sourcePath } from "../demo/root.ts";
import { type Check, lacks, ok } from "./check.ts";

/** Runs `true` under egress. */
export async function trial(): Promise<Check> {
  const name = "egress run";
  const begin = performance.now();
  const output = await new Deno.Command("unshare", {
    args: [
      ...["--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"],
      ...[sourcePath("egress"), "run", "--policy-text", "egress.example", "--", "true"],
    ],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (output.success) {
    return ok(name, `starts and ends in ${Math.round(performance.now() - begin)} ms`);
  }
  const said = new TextDecoder().decode(output.stderr).trim().split("\n");
  const hint = said.find((line) => line.startsWith("egress: to fix it: "));
  const found = (said.find((line) => line !== hint) ?? `status ${output.code}`).replace(
    /^egress: /,
    "",
  );
  return lacks(
    name,
    "missing",
    found,
    hint?.replace("egress: to fix it: ", "") ?? "see the rows above",
  );
}
