/**
 * The proxy against mitmdump, sslsplit and squid ssl-bump: side by side in one run, with the same client and the
 * same server, each load in several rounds that take turns. Ratios count; the machine may be busy.
 *
 *     sudo deno run -A bench/proxy/bench.ts [--rounds 3] [--seconds 4] [--boxes egress,mitmdump]
 *         [--loads keep-alive,...,idle] [--idle 5000]
 *
 * Brings wrk, h2load, nginx and the others from Debian if they are missing. Everything happens in two namespaces
 * that it makes.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { idle } from "./idle.ts";
import { LOADS } from "./loads.ts";
import { ADDRESSES, type Middlebox, type Name, start } from "./middleboxes.ts";
import { sh } from "./processes.ts";
import { median, printTable, type Rows } from "./table.ts";
import { World } from "./world.ts";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "4" },
    boxes: { type: "string", default: Object.keys(ADDRESSES).join() },
    loads: { type: "string", default: [...Object.keys(LOADS), "idle"].join() },
    idle: { type: "string", default: "5000" },
  },
});
const names = options.boxes.split(",") as Name[];
const loads = options.loads.split(",");
/** Only these are worth their time in the load of idle connections. */
const IDLE: readonly string[] = ["egress", "mitmdump", "squid"] satisfies Name[];

await sh(`
  missing=
  for pair in nginx:nginx-light wrk:wrk h2load:nghttp2-client mitmdump:mitmproxy squid:squid-openssl \\
    sslsplit:sslsplit nc:netcat-openbsd iptables:iptables openssl:openssl curl:curl; do
    command -v "\${pair%%:*}" >/dev/null || missing="$missing \${pair#*:}"
  done
  [ -z "$missing" ] || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2`);

const addresses = names.map((name) => ADDRESSES[name]) as [string, ...string[]];
const world = await World.make(addresses);
const boxes: Middlebox[] = [];

async function takeAway(): Promise<void> {
  for (const box of boxes.splice(0)) await box.close();
  await world.close();
}
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => takeAway().finally(() => Deno.exit(130)));
}
try {
  for (const name of names) boxes.push(await start(name, world));
  for (const name of loads) {
    if (name !== "idle") await compare(name);
  }
  if (loads.includes("idle")) await compareIdle(Number(options.idle));
} finally {
  await takeAway();
}

async function compare(name: string): Promise<void> {
  const load = LOADS[name];
  if (!load) throw new Error(`there is no load ${name}: ${Object.keys(LOADS).join(", ")}, idle`);
  const figures = new Map(boxes.map((box) => [box.name, [] as number[][]]));
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const box of boxes) {
      console.error(`${name}, round ${round + 1}: ${box.name}`);
      figures.get(box.name)!.push(await load.run(box, Number(options.seconds), world.folder));
    }
  }
  const rows: Rows = {};
  for (const [box, rounds] of figures) {
    rows[box] = load.columns.map((_, at) => median(rounds.map((round) => round[at]!)));
  }
  printTable(name, load.columns, rows, load.digits);
}

async function compareIdle(count: number): Promise<void> {
  const rows: Rows = {};
  for (const box of boxes) {
    if (IDLE.includes(box.name)) rows[box.name] = [count, await idle(box, count, world.folder)];
  }
  printTable("idle connections", ["held", "KB each"], rows, 0);
}
