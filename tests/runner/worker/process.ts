/**
 * Runs a step's process as a direct child of the worker.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** What to run. */
export interface Program {
  file: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
}

/** How long a cancelled process gets before the next stronger signal, ms; as the runner does. */
const GRACE_MS = { interrupt: 7500, terminate: 2500 };
/** How long output is waited for when a process that has ended left others holding it, ms. */
const STREAMS_MS = 5000;

/**
 * Runs a program to its end.
 *
 * @param cancel when it fires the process gets SIGINT, then SIGTERM, then SIGKILL
 * @returns its exit status; of a killed one 128 and more
 */
export async function runProgram(
  program: Program,
  onLine: (line: string) => void,
  cancel: AbortSignal,
): Promise<number> {
  const { file, args, cwd, env } = program;
  const child = spawn(file, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream, crlfDelay: Infinity }).on("line", onLine);
  }
  const timers: ReturnType<typeof setTimeout>[] = [];
  const stop = () => {
    child.kill("SIGINT");
    timers.push(setTimeout(() => child.kill("SIGTERM"), GRACE_MS.interrupt));
    timers.push(
      setTimeout(() => child.kill("SIGKILL"), GRACE_MS.interrupt + GRACE_MS.terminate),
    );
  };
  if (cancel.aborted) stop();
  cancel.addEventListener("abort", stop);
  const closed = once(child, "close");
  try {
    const [code, signal]: [number | null, string | null] = await once(child, "exit") as [
      number | null,
      string | null,
    ];
    await Promise.race([
      closed,
      new Promise((resolve) => timers.push(setTimeout(resolve, STREAMS_MS))),
    ]);
    return code ?? (signal === "SIGKILL" ? 137 : 130);
  } finally {
    cancel.removeEventListener("abort", stop);
    timers.forEach(clearTimeout);
    child.stdout.destroy();
    child.stderr.destroy();
  }
}
