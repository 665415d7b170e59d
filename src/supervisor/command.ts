/**
 * Starts COMMAND inside the scope, passes signals on to it, and waits for it.
 *
 * @module
 */

import type { Account } from "./passwd.ts";
import { ENTER, LOCK_IN } from "./scripts.ts";
import { seccompFilter } from "./seccomp.ts";

/** Signals that reach COMMAND through egress. SIGUSR1 is Deno's inspector and is not among them. */
const FORWARDED: Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2"];

/** A terminal sends these to COMMAND itself: it is in the foreground too. */
const FROM_TERMINAL: Deno.Signal[] = ["SIGINT", "SIGQUIT"];

/** Number of prctl(2). */
const PRCTL = { x86_64: 157, aarch64: 167 };

/** How COMMAND is started. */
export interface CommandSpec {
  argv: string[];
  scopeCgroupDir: string;
  /** Bundle with the run's CA. */
  mergedBundle: string;
  /** The system's bundle, which the merged one is mounted over. */
  systemBundle?: string;
  /** The run's private folder, a mount that COMMAND must not see: pins, sockets, the engine's pipes. */
  privateDir: string;
  /** Absent: root. */
  account?: Account;
  env: Record<string, string>;
}

/** The environment that an account's own login would have in these variables. */
export function accountEnv(account: Account): Record<string, string> {
  return { HOME: account.home, USER: account.name, LOGNAME: account.name, SHELL: account.shell };
}

/**
 * Runs COMMAND to its end.
 *
 * @returns its exit status as a shell would give it: 128 + N for a signal
 */
export async function runCommand(spec: CommandSpec): Promise<number> {
  const child = new Deno.Command("/bin/sh", {
    args: [
      "-c",
      ENTER,
      "egress",
      spec.scopeCgroupDir,
      spec.mergedBundle,
      spec.systemBundle ?? "",
      spec.account === undefined ? "" : String(spec.account.uid),
      spec.account === undefined ? "" : String(spec.account.gid),
      spec.privateDir,
      String(PRCTL[Deno.build.arch]),
      seccompFilter(),
      LOCK_IN,
      ...spec.argv,
    ],
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
    env: spec.env,
    clearEnv: true,
  }).spawn();
  const onTerminal = Deno.stdin.isTerminal();
  const handlers = FORWARDED.map((signal) => {
    const handler = () => {
      if (onTerminal && FROM_TERMINAL.includes(signal)) return;
      try {
        child.kill(signal);
      } catch (error) {
        // Already ended: its status says so.
        if (!(error instanceof TypeError)) throw error;
      }
    };
    Deno.addSignalListener(signal, handler);
    return { signal, handler };
  });
  try {
    const status = await child.status;
    return status.code;
  } finally {
    for (const { signal, handler } of handlers) Deno.removeSignalListener(signal, handler);
  }
}
