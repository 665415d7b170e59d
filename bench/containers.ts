/**
 * What a container's start pays for the wrapper: `docker run --rm busybox true`, medians of 20, in turns
 * without it, with the guard alone, and with guard and CA.
 *
 *     sudo deno run -A bench/containers.ts
 *
 * @module
 */

import { DockerWorld, makeCa } from "../tests/support/docker_world.ts";

const ROUNDS = 20;
const WARM = 3;

async function timed(world: DockerWorld): Promise<number> {
  const start = performance.now();
  const done = await world.docker("run", "--rm", "busybox", "true");
  if (done.status !== 0) throw new Error(done.stderr);
  return performance.now() - start;
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

await using world = await DockerWorld.create();
const ca = await makeCa(world.folder);
const ways: Record<string, string[] | undefined> = {
  "without": undefined,
  "guard": ["install", "--no-container-certs"],
  "guard and CA": ["install", "--ca", ca],
};
const times: Record<string, number[]> = {};
// Half of each way's runs on the way there, half on the way back: a machine's pace changes.
for (const name of [...Object.keys(ways), ...Object.keys(ways).reverse()]) {
  const set = await world.egress(...ways[name] ?? ["remove"]);
  if (set.status !== 0) throw new Error(set.stderr);
  // The first starts after an installation compile the programs.
  for (let i = 0; i < WARM; i++) await timed(world);
  for (let i = 0; i < ROUNDS / 2; i++) (times[name] ??= []).push(await timed(world));
}
const base = median(times.without!);
for (const [name, list] of Object.entries(times)) {
  const added = name === "without" ? "" : `, +${(median(list) - base).toFixed(0)} ms`;
  console.log(`${name}: median ${median(list).toFixed(0)} ms${added}`);
}
