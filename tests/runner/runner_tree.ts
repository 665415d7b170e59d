/**
 * What a runner machine is booted from: its root file system, kept between runs, and the worker's programs.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { tool } from "../../src/demo/command.ts";

const SCRIPT = fileURLToPath(new URL("../../setup/runner_tree.sh", import.meta.url));
const WORKER = fileURLToPath(new URL("./worker", import.meta.url));

/** Where the launcher keeps what it made, of root's. */
export function cacheFolder(): string {
  return Deno.env.get("EGRESS_CACHE") ?? "/var/cache/egress";
}

/** Folder of the root file system (`root`); made by the first who asks. */
export async function runnerTree(): Promise<string> {
  return (await tool([SCRIPT, cacheFolder()])).trim();
}

let bundled: Promise<string> | undefined;

/** Folder of `worker.mjs` and `listener.mjs`, for Node; one for all tests of a process. */
export function bundledWorker(): Promise<string> {
  return bundled ??= bundle();
}

async function bundle(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "egress-worker-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  await Promise.all(["worker", "listener"].map((name) =>
    tool([
      ...[Deno.execPath(), "bundle", "--quiet", "--platform", "deno"],
      ...["-o", `${folder}/${name}.mjs`, `${WORKER}/${name}.ts`],
    ])
  ));
  return folder;
}
