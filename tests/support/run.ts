/**
 * Running `./egress run` as a client of a little internet, and reading what came of it.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Internet } from "../../src/demo/internet.ts";
import type { LogEvent } from "../../src/protocol/log.ts";

/** The launcher at the root of the tree. */
export const EGRESS = fileURLToPath(new URL("../../egress", import.meta.url));

/** What the commands of the tests find; nothing of the machine's own configuration reaches them. */
const BASE_ENV = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  LANG: "C.UTF-8",
};

/** How a run is started. */
export interface RunOptions {
  /** Policy text; absent: no `--policy-text`, so `args` must say what to do. */
  policy?: string;
  /** Further options of `egress run`. */
  args?: string[];
  command: string[];
  env?: Record<string, string>;
  /** Text for stdin; absent: closed. */
  stdin?: string;
  /** Shell (bash) that runs before, in the process that becomes egress. */
  before?: string;
  /** Start through `ip netns exec`, which hides cgroups, rather than through nsenter. */
  ipNetnsExec?: boolean;
  /** The log; absent: a file of the run's own. */
  log?: string;
}

/** A run that has ended. */
export interface Finished {
  /** Exit status; of a killed process 128 and the signal's number. */
  status: number;
  stdout: string;
  stderr: string;
  log: LogEvent[];
}

/** A run under way. */
export interface Running {
  /** Process id of the launcher, which becomes the supervisor. */
  pid: number;
  /** Path of the log. */
  logFile: string;
  /** Resolves with the first stdout that fits, all of it so far; rejects if stdout ends before. */
  said(pattern: RegExp): Promise<string>;
  kill(signal: Deno.Signal): void;
  finished: Promise<Finished>;
}

/** Starts `egress run`; it trusts the internet's authority. */
export async function start(internet: Internet, options: RunOptions): Promise<Running> {
  const logFile = options.log ?? `${internet.folder}/log-${crypto.randomUUID()}.jsonl`;
  const command = [
    ...[EGRESS, "run", "--upstream-ca", internet.caFile, "--log", logFile],
    ...(options.policy === undefined ? [] : ["--policy-text", options.policy]),
    ...[...options.args ?? [], "--", ...options.command],
  ];
  const started = options.before === undefined
    ? command
    : ["bash", "-c", `${options.before}; exec "$@"`, "bash", ...command];
  const [file = "", ...args] = options.ipNetnsExec
    ? ["ip", "netns", "exec", internet.client, ...started]
    : internet.command(started);
  const child = new Deno.Command(file, {
    args,
    env: { ...BASE_ENV, ...options.env },
    clearEnv: true,
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (options.stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(options.stdin));
    await writer.close();
  }
  const output = new Collector(child.stdout);
  const errors = new Collector(child.stderr);
  const finished = (async (): Promise<Finished> => {
    const status = await child.status;
    await Promise.all([output.ended, errors.ended]);
    const log = await readLog(logFile);
    return { status: status.code, stdout: output.text, stderr: errors.text, log };
  })();
  return {
    pid: child.pid,
    logFile,
    said: (pattern) => output.until(pattern, errors),
    kill: (signal) => child.kill(signal),
    finished,
  };
}

/** Starts `egress run` and waits for its end. */
export async function run(internet: Internet, options: RunOptions): Promise<Finished> {
  return await (await start(internet, options)).finished;
}

/**
 * Reads a connection log; empty if there is no such file. What follows the last line end is no line: a full
 * disk may take half of one.
 */
export async function readLog(file: string): Promise<LogEvent[]> {
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return text.split("\n").slice(0, -1).map((line): LogEvent => JSON.parse(line));
}

/** Reads a stream to its end. */
class Collector {
  text = "";
  readonly ended: Promise<void>;
  #done = false;
  #look = () => {};

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.ended = this.#collect(stream);
  }

  async #collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
      this.text += chunk;
      this.#look();
    }
    this.#done = true;
    this.#look();
  }

  until(pattern: RegExp, errors: Collector): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#look = () => {
        if (pattern.test(this.text)) resolve(this.text);
        else if (this.#done) {
          reject(new Error(`ended before it said ${pattern}: ${this.text}${errors.text}`));
        }
      };
      this.#look();
    });
  }
}
