/**
 * The command lines of `egress start`, `stop`, `status` and `reload`. Pure.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { parseRunArgs, type RunArgs, RunUsageError } from "./run_args.ts";

/** What the command line of `egress start` said. */
export interface StartArgs {
  /** What it shares with `egress run`. */
  run: RunArgs;
  allowSudo: boolean;
  /** File that gets environment lines for later steps. */
  githubEnv?: string;
  json: boolean;
  /** Absent: `guard` where sudo is taken away, else `off`. */
  containers?: string;
  /** Lines of `allow: ...`. */
  containerAllow: string[];
  containerCerts: boolean;
}

/** The command line is wrong. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Options of `egress run` that are about its command. */
const OF_A_COMMAND = ["--user", "--fail-on-block", "--json-status"];
/** `--foreground` is the launcher's to carry out. */
const SWITCHES = ["--allow-sudo", "--json", "--foreground", "--no-container-certs"];

/** Options that take a value, and what it is. */
const VALUES: Record<string, string> = {
  "--github-env": "a file",
  "--containers": "guard, off or deny",
  "--container-allow": 'a line of "allow: ..."',
};

/** @throws {UsageError} with one sentence */
export function parseStartArgs(args: string[]): StartArgs {
  const seen = new Set<string>();
  const rest: string[] = [];
  const given = new Map<string, string>();
  const containerAllow: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    const [name, ...value] = arg.split("=");
    if (OF_A_COMMAND.includes(name!)) throw new UsageError(`${name} is an option of egress run`);
    if (arg === "--") throw new UsageError("egress start takes no command: see egress run");
    if (SWITCHES.includes(arg)) seen.add(arg);
    else if (name! in VALUES) {
      const text = value.length > 0 ? value.join("=") : args[++i];
      if (!text) throw new UsageError(`${name} needs ${VALUES[name!]}`);
      if (name === "--container-allow") containerAllow.push(text);
      else given.set(name!, text);
    } else rest.push(arg);
  }
  const githubEnv = given.get("--github-env");
  const containers = given.get("--containers");
  return {
    run: parseShared(rest),
    allowSudo: seen.has("--allow-sudo"),
    ...(githubEnv !== undefined && { githubEnv }),
    json: seen.has("--json"),
    ...(containers !== undefined && { containers }),
    containerAllow,
    containerCerts: !seen.has("--no-container-certs"),
  };
}

function parseShared(args: string[]): RunArgs {
  try {
    return parseRunArgs([...args, "--", "true"]);
  } catch (error) {
    if (!(error instanceof RunUsageError)) throw error;
    throw new UsageError(error.message, { cause: error });
  }
}

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>["options"]>;

/**
 * Reads options alone.
 *
 * @throws {UsageError} with one sentence
 */
export function parseOptions<const O extends Options>(args: string[], options: O) {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(message.split("\n")[0]!.split(". ")[0]!, { cause: error });
  }
}
