/**
 * Runs shell scripts as root: with sudo, unless the hook is root itself.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { getuid } from "node:process";

/** What a finished script left. */
export interface Ended {
  /** Its exit status; 255 if a signal ended it. */
  code: number;
  stdout: string;
  stderr: string;
}

/** How to run a script. */
export interface RootOptions {
  args?: string[];
  stdin?: string | Uint8Array;
  /** Longest run, ms. */
  timeout: number;
  /** Gets standard error line by line as it comes. */
  onLine?: (line: string) => void;
}

/** Paths that no PATH of a step can turn elsewhere. */
const SUDO = "/usr/bin/sudo";
const SHELL = "/bin/sh";

/**
 * Runs a script of /bin/sh with `args` as $1...
 *
 * @throws {Error} if it cannot be started
 */
export function asRoot(script: string, options: RootOptions): Promise<Ended> {
  const shell = [SHELL, "-c", script, "egress", ...options.args ?? []];
  const [file = "", ...args] = getuid?.() === 0 ? shell : [SUDO, "-n", "--", ...shell];
  const child = spawn(file, args, { stdio: "pipe", timeout: options.timeout });
  return finish(child, options);
}

function finish(child: ChildProcess, { stdin, onLine }: RootOptions): Promise<Ended> {
  return new Promise((resolve, reject) => {
    let stdout = "";
    let stderr = "";
    let unsaid = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => stdout += text);
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      const lines = (unsaid + text).split("\n");
      unsaid = lines.pop() ?? "";
      for (const line of lines) onLine?.(line);
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (unsaid !== "") onLine?.(unsaid);
      resolve({ code: code ?? 255, stdout, stderr });
    });
    // It may end without reading all of it: its exit status tells.
    child.stdin?.on("error", () => {});
    child.stdin?.end(stdin ?? "");
  });
}
