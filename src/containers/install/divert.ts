/**
 * Debian's package manager is told where runc is now, so that an upgrade of runc goes there and leaves the
 * wrapper in its place (dpkg-divert(1)).
 *
 * @module
 */

import { InstallError } from "./error.ts";

async function run(command: string, args: string[]): Promise<{ code: number; text: string }> {
  try {
    const output = await new Deno.Command(command, { args, stdin: "null", env: { LC_ALL: "C" } })
      .output();
    const text = new TextDecoder().decode(output.stdout) + new TextDecoder().decode(output.stderr);
    return { code: output.code, text: text.trim() };
  } catch (error) {
    // No Debian: then nothing upgrades runc by dpkg.
    if (error instanceof Deno.errors.NotFound) return { code: 127, text: "" };
    throw error;
  }
}

/**
 * @returns whether the file belongs to a package and is diverted now
 * @throws {InstallError}
 */
export async function divert(target: string, real: string): Promise<boolean> {
  const owner = await run("dpkg-query", ["-S", target]);
  if (owner.code !== 0) return false;
  const done = await run("dpkg-divert", [
    "--local",
    "--divert",
    real,
    "--no-rename",
    "--add",
    target,
  ]);
  if (done.code !== 0) throw new InstallError(`dpkg-divert refused ${target}: ${done.text}`);
  return true;
}

/** Takes the diversion back. @throws {InstallError} */
export async function undivert(target: string, real: string): Promise<void> {
  const done = await run("dpkg-divert", [
    "--local",
    "--divert",
    real,
    "--no-rename",
    "--remove",
    target,
  ]);
  if (done.code !== 0 && done.code !== 127) {
    throw new InstallError(`dpkg-divert kept its diversion of ${target}: ${done.text}`);
  }
}

/** Is the file diverted to `real`? */
export async function isDiverted(target: string, real: string): Promise<boolean> {
  const found = await run("dpkg-divert", ["--truename", target]);
  return found.code === 0 && found.text === real;
}
