/**
 * Memory of idle intercepted connections, and whether they are held.
 *
 * @module
 */

import type { Middlebox } from "./middleboxes.ts";
import { sh } from "./processes.ts";

const client = new URL("idle_client.ts", import.meta.url).pathname;
/** Garbage is collected, and the kernel's buffers settle. */
const SETTLE_MS = 5000;

/**
 * Opens connections, makes a request on each, weighs, and makes another one on each.
 *
 * @param folder for files
 * @returns KB of resident memory a connection
 */
export async function idle(box: Middlebox, count: number, folder: string): Promise<number> {
  const hold = `${folder}/hold-${crypto.randomUUID()}`;
  const out = `${hold}.out`;
  await sh(`mkfifo -m 666 ${hold}; : > ${out}; chmod 666 ${out}; mkdir -p -m 777 ${folder}/deno`);
  const deno = `${Deno.execPath()} run --no-config --no-lock --quiet --allow-net ` +
    `--unsafely-ignore-certificate-errors ${client} ${box.address}`;
  // Leaves, listeners and code are there before the first weighing.
  await box.run(`export DENO_DIR=${folder}/deno NO_COLOR=1; echo | ${deno} 64 2>&1`);
  const before = (await box.weigh!()).rss;
  const run = box.run(
    `export DENO_DIR=${folder}/deno NO_COLOR=1; ${deno} ${count} < ${hold} > ${out} 2>&1`,
  );
  const writer = await Deno.open(hold, { write: true });
  try {
    await Promise.race([run, sh(`until grep -q '^open ${count}$' ${out}; do sleep 0.2; done`)]);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const after = (await box.weigh!()).rss;
    await writer.write(new Uint8Array([10]));
    await run;
    const said = await Deno.readTextFile(out);
    if (!said.includes(`held ${count}`)) throw new Error(`${box.name}: ${said}`);
    return (after - before) / count;
  } finally {
    writer.close();
    await sh(`rm -f ${hold} ${out}`);
  }
}
