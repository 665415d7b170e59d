/**
 * Runs a POSIX shell script as root. Deno opens little below /proc and /sys without `--allow-all`, so what
 * touches those goes through here: one script does as much as possible, since each start costs milliseconds.
 *
 * @module
 */

import { EgressError } from "./errors.ts";

/** What a script did. */
export interface ShellResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Options of {@link sh}. */
export interface ShellOptions {
  /** Arguments: `$1`, `$2`, ... */
  args?: string[];
  /** Text for its standard input. */
  stdin?: string;
}

/** Runs `script` with `/bin/sh` and collects what it prints. Never throws on a failing script. */
export async function sh(script: string, options: ShellOptions = {}): Promise<ShellResult> {
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", script, "egress", ...(options.args ?? [])],
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    env: { LC_ALL: "C", PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
    clearEnv: true,
  }).spawn();
  if (options.stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(options.stdin));
    await writer.close();
  }
  const out = await child.output();
  const text = new TextDecoder();
  return { code: out.code, stdout: text.decode(out.stdout), stderr: text.decode(out.stderr) };
}

/**
 * As {@link sh}, for scripts that must succeed.
 *
 * @param what names the step in the message: "making the cgroups"
 * @returns what it printed
 * @throws {EgressError} with the script's last words
 */
export async function mustSh(
  what: string,
  script: string,
  options?: ShellOptions,
): Promise<string> {
  const result = await sh(script, options);
  if (result.code !== 0) {
    const last = result.stderr.trim().split("\n").slice(-3).join("; ");
    throw new EgressError(`${what} failed: ${last || `exit status ${result.code}`}`);
  }
  return result.stdout;
}
