/**
 * What the log's chain costs: a million lines formatted, sealed and verified.
 *
 *     deno run -A bench/log.ts [LINES]
 *
 * @module
 */

import { ChainCheck } from "../src/cli/chain_check.ts";
import { rawLines } from "../src/cli/log_reader.ts";
import { Chain, GENESIS } from "../src/protocol/chain.ts";
import { formatLogLine, type LogEvent } from "../src/protocol/log.ts";
import { LogWriter } from "../src/supervisor/log_writer.ts";

const LINES = Number(Deno.args[0] ?? 1_000_000);

/** A request as builds make them: about 600 bytes. */
const EVENT: LogEvent = {
  ts: "2026-01-01T00:00:00.000Z",
  type: "https",
  policy: "allow",
  dst_ip: "198.51.100.20",
  dst_port: 443,
  host: "registry.example",
  method: "GET",
  url: "https://registry.example/package/-/package-1.2.3.tgz",
  status: 200,
  rule: "GET https://registry.example/*",
  rule_line: 3,
  src_port: 40000,
  pid: 12345,
  exe: "/usr/bin/node",
  cmdline: ["node", "/usr/bin/npm", "ci"],
  cgroup: "/system.slice/hosted-compute-agent.service/egress-1a2b3c4d/scope",
  ancestry: ["/usr/bin/bash", "/home/runner/runner/bin/Runner.Worker"],
  alpn: "h2",
  conn: "1nvhdu-12",
  bytes_up: 312,
  bytes_down: 48123,
  duration_ms: 12.25,
};

const path = await Deno.makeTempFile({ prefix: "egress-bench-" });

/** Runs `step` for each line and prints its share. */
function measure(name: string, step: (n: number) => void): void {
  const begin = performance.now();
  for (let n = 0; n < LINES; n++) step(n);
  print(name, performance.now() - begin);
}

function print(name: string, ms: number): void {
  console.log(`${name.padEnd(34)}${(ms * 1000 / LINES).toFixed(2).padStart(8)} us a line`);
}

function writerTo(file: Deno.FsFile): LogWriter {
  return new LogWriter(file, {
    onFailure: (error) => {
      throw error;
    },
    onRecovery: () => {},
  });
}

try {
  const chain = new Chain(GENESIS);
  measure("format", () => formatLogLine(EVENT));
  measure("format and seal", () => chain.seal(EVENT));
  {
    using file = await Deno.open(path, { append: true });
    const writer = writerTo(file);
    measure("format and write, no chain", () => writer.write(formatLogLine(EVENT)));
  }
  await Deno.truncate(path);
  {
    using file = await Deno.open(path, { append: true });
    const writer = writerTo(file);
    const whole = new Chain(GENESIS);
    const run = "1a2b3c4d";
    writer.write(whole.seal({ ts: EVENT.ts, type: "start", run }));
    measure("format, seal and write", () => writer.write(whole.seal(EVENT)));
    writer.write(whole.seal({ ts: EVENT.ts, type: "stop", run }));
  }
  const begin = performance.now();
  const check = new ChainCheck();
  const io = { out() {}, err() {}, progress: false, colour: false, env: () => undefined };
  for await (const { bytes, ended } of rawLines(path, io)) check.add(bytes, ended);
  print("verify", performance.now() - begin);
  const { breakCount, lines } = check.finish();
  console.log(
    `${lines} lines, ${breakCount} breaks, ${(Deno.statSync(path).size / 1e6).toFixed(0)} MB`,
  );
} finally {
  await Deno.remove(path);
}
