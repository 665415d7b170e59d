/**
 * Command lines of the tools: one typed wrapper around `parseArgs`, one way to fail.
 *
 * @module
 */

import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { type Io, processIo } from "./io.ts";
import { nearest } from "./nearest.ts";

/** Exit statuses of the tools (design.md, section 10). */
export const Exit = { ok: 0, found: 1, unusable: 2 } as const;

/** The arguments or a file cannot be used: one sentence, exit status 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

const HELP = { help: { type: "boolean", short: "h" } } as const;

/** Values of options, typed by their declaration; absent options are undefined. */
export type OptionValues<T extends ParseArgsOptionsConfig> = {
  [K in keyof T]?: T[K] extends { type: "boolean" } ? boolean
    : T[K] extends { multiple: true } ? string[]
    : string;
};

/** A parsed command line. */
export interface ParsedArgs<T extends ParseArgsOptionsConfig> {
  values: OptionValues<T>;
  positionals: string[];
}

/**
 * Parses a command line.
 *
 * @param options as `node:util` parseArgs takes them
 * @returns null if help is asked for
 * @throws {UsageError} on an unknown option (with the nearest), a missing or a surplus value
 */
export function parseCommandLine<const T extends ParseArgsOptionsConfig>(
  args: string[],
  options: T,
): ParsedArgs<T> | null {
  const all: ParseArgsOptionsConfig = { ...options, ...HELP };
  rejectUnknown(args, Object.keys(all), all);
  try {
    const { values, positionals } = parseArgs({ args, options: all, allowPositionals: true });
    if (values.help) return null;
    return { values: values as OptionValues<T>, positionals };
  } catch (error) {
    throw new UsageError((error as Error).message.split("\n", 1)[0]!.replace(/\.?$/, ""));
  }
}

function rejectUnknown(args: string[], names: string[], options: ParseArgsOptionsConfig) {
  const { tokens } = parseArgs({
    args,
    options,
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  for (const token of tokens) {
    if (token.kind !== "option" || Object.hasOwn(options, token.name)) continue;
    const near = nearest(token.name, names);
    throw new UsageError(
      `unknown option ${token.rawName}` + (near === undefined ? "" : `: did you mean --${near}?`),
    );
  }
}

/** A command: its help and what it does with a parsed command line. */
export interface Command<T extends ParseArgsOptionsConfig> {
  name: string;
  help: string;
  options: T;
  run(parsed: ParsedArgs<T>, io: Io): Promise<number>;
}

/** Runs a command line: prints help, and turns {@link UsageError} into a sentence and status 2. */
export async function runCommand<const T extends ParseArgsOptionsConfig>(
  command: Command<T>,
  args: string[],
  io: Io = processIo(),
): Promise<number> {
  try {
    const parsed = parseCommandLine(args, command.options);
    if (parsed) return await command.run(parsed, io);
    io.out(command.help);
    return Exit.ok;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    io.err(`egress ${command.name}: ${error.message}\n`);
    return Exit.unusable;
  }
}
