/**
 * The loads: what is asked of every middlebox, and the figures that come of it.
 *
 * @module
 */

import type { Middlebox } from "./middleboxes.ts";
import { BIG_MB } from "./world.ts";

/** Requests a second of the latency load. */
const RATE = 1000;
/** Connections that share it. */
const LATENCY_CLIENTS = 20;
/** Milliseconds from one request of a connection to its next. */
const PERIOD_MS = 1000 / (RATE / LATENCY_CLIENTS);
/** Concurrent requests of the loads that compare HTTP/1.1 with HTTP/2. */
const STREAMS = 100;

/** One load. */
export interface Load {
  /** What its figures are, in the order of the table. */
  readonly columns: readonly string[];
  /** Decimals of its figures. */
  readonly digits: number;
  /**
   * @param folder for files
   * @param seconds how long to load
   */
  run(box: Middlebox, seconds: number, folder: string): Promise<number[]>;
}

/** All loads by name. */
export const LOADS: Record<string, Load> = {
  "keep-alive": {
    columns: ["req/s", "us CPU"],
    digits: 0,
    run: (box, seconds) => rateAndCpu(box, () => wrk(box, seconds, "")),
  },
  "new TLS": {
    columns: ["conn/s", "us CPU"],
    digits: 0,
    run: (box, seconds) => rateAndCpu(box, () => wrk(box, seconds, "-H 'Connection: close'")),
  },
  "one body": { columns: ["MB/s", "peak MB"], digits: 0, run: bulk },
  latency: {
    columns: ["p50 ms", "p99 ms", "met req/s"],
    digits: 2,
    // Each connection begins a millisecond of its period later than the one before: requests come one by one.
    run: (box, seconds, folder) =>
      latency(box, folder, `-n${RATE * seconds} -r1 --rate-period=${PERIOD_MS + 1}ms`),
  },
  bursts: {
    columns: ["p50 ms", "p99 ms", "met req/s"],
    digits: 2,
    // All connections ask at the same moment.
    run: (box, seconds, folder) => latency(box, folder, `-D${seconds}`),
  },
  "100 at once": { columns: ["h1 req/s", "h2 req/s"], digits: 0, run: streams },
};

interface Counted {
  rate: number;
  requests: number;
}

async function rateAndCpu(box: Middlebox, load: () => Promise<Counted>): Promise<number[]> {
  const before = await box.weigh?.();
  const { rate, requests } = await load();
  const after = await box.weigh?.();
  const cpu = before && after ? (after.cpu - before.cpu) / requests * 1e6 : NaN;
  return [rate, cpu];
}

async function wrk(box: Middlebox, seconds: number, extra: string): Promise<Counted> {
  const out = await box.run(`wrk -t1 -c32 -d${seconds}s ${extra} https://${box.address}/small`);
  if (/Non-2xx|Socket errors: .*(connect|timeout) [1-9]/.test(out)) {
    throw new Error(`${box.name}: not every request was served:\n${out}`);
  }
  return {
    rate: numberIn(out, /Requests\/sec:\s+([\d.]+)/),
    requests: numberIn(out, /(\d+) requests in/),
  };
}

function numberIn(out: string, pattern: RegExp): number {
  const found = pattern.exec(out)?.[1];
  if (found === undefined) throw new Error(out);
  return Number(found);
}

async function bulk(box: Middlebox): Promise<number[]> {
  const out = await box.run(
    `curl -sk -o /dev/null -w '%{speed_download} %{size_download}' https://${box.address}/big`,
  );
  const [speed, size] = out.split(" ").map(Number);
  if (size !== BIG_MB << 20) throw new Error(`${box.name}: ${size} bytes of the large body came`);
  return [speed! / (1 << 20), ((await box.weigh?.())?.peak ?? NaN) / 1024];
}

async function latency(
  box: Middlebox,
  folder: string,
  when: string,
): Promise<number[]> {
  const file = `${folder}/latency-${crypto.randomUUID()}`;
  await box.run(
    `h2load --h1 -c${LATENCY_CLIENTS} --rps=${RATE / LATENCY_CLIENTS} ${when} ` +
      `--log-file=${file} https://${box.address}/small`,
  );
  const rows = (await Deno.readTextFile(file)).trim().split("\n").map((row) => row.split("\t"));
  await Deno.remove(file);
  // The first second is that of the handshakes.
  const begin = Number(rows[0]![0]) + 1e6;
  const times = rows.filter(([start, status]) => Number(start) > begin && status === "200")
    .map(([, , time]) => Number(time)).sort((a, b) => a - b);
  // What cannot keep up is told by the rate: its times are those of a queue.
  const met = times.length / ((Number(rows.at(-1)![0]) - begin) / 1e6);
  return [...[0.5, 0.99].map((share) => times[Math.floor(times.length * share)]! / 1000), met];
}

async function streams(box: Middlebox, seconds: number): Promise<number[]> {
  const load = async (args: string) =>
    numberIn(
      await box.run(`h2load -D${seconds} ${args} https://${box.address}/small`),
      /finished in [^,]*, ([\d.]+) req\/s/,
    );
  return [await load(`--h1 -c${STREAMS}`), await load(`-c1 -m${STREAMS}`)];
}
