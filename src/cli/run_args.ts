/**
 * The command line of `egress run`, validated into one typed object. Pure.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { nearest } from "./nearest.ts";

/** What the command line said. */
export interface RunArgs {
  help: boolean;
  policyFile?: string;
  policyText?: string;
  audit: boolean;
  log?: string;
  logKey?: string;
  repository?: string;
  upstreamCas: string[];
  defaults: boolean;
  failOnBlock: boolean;
  user?: string;
  jsonStatus: boolean;
  logQueries: boolean;
  /** Ask whether packages are known to be bad; `strict`: refuse what could not be checked. */
  packageSecurity?: "lenient" | "strict";
  /** File with the job's own tokens; `-`: standard input. */
  githubTokenFile?: string;
  /** What becomes of requests to GitHub that carry other credentials. */
  foreignTokens: "allow" | "deny";
  command: string[];
}

/** The command line is wrong. */
export class RunUsageError extends Error {
  override name = "RunUsageError";
}

const PACKAGE_SECURITY = ["lenient", "strict"] as const;

const OPTIONS = {
  policy: { type: "string" },
  "policy-text": { type: "string" },
  audit: { type: "boolean" },
  log: { type: "string" },
  "log-key": { type: "string" },
  repo: { type: "string" },
  "upstream-ca": { type: "string", multiple: true },
  "no-defaults": { type: "boolean" },
  "fail-on-block": { type: "boolean" },
  user: { type: "string" },
  "json-status": { type: "boolean" },
  "log-queries": { type: "boolean" },
  "github-token-file": { type: "string" },
  "foreign-tokens": { type: "string" },
  "package-security": { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/**
 * Parses what follows `egress run`.
 *
 * @throws {RunUsageError} with one sentence
 */
export function parseRunArgs(args: string[]): RunArgs {
  const split = args.indexOf("--");
  const before = (split < 0 ? args : args.slice(0, split)).map(withValue);
  const command = split < 0 ? [] : args.slice(split + 1);
  const values = parse(before);
  if (values.help) return { ...base(values), command: [] };
  if (split < 0) {
    throw new RunUsageError("put `--` in front of the command: egress run ... -- COMMAND");
  }
  if (command.length === 0 || command[0] === "") throw new RunUsageError("no command after `--`");
  if (values.policy !== undefined && values["policy-text"] !== undefined) {
    throw new RunUsageError("--policy and --policy-text exclude each other");
  }
  if (values.policy === undefined && values["policy-text"] === undefined && !values.audit) {
    throw new RunUsageError(
      "no policy: pass --policy FILE, --policy-text TEXT, or --audit to only watch",
    );
  }
  if (values.policy === "-" && values["github-token-file"] === "-") {
    throw new RunUsageError("--policy and --github-token-file cannot both be standard input");
  }
  if (values["log-key"] !== undefined && values.log === undefined) {
    throw new RunUsageError("--log-key signs a log: name it with --log FILE");
  }
  const once = onlyOnce(before);
  if (once !== undefined) throw new RunUsageError(`${once} is given twice`);
  return { ...base(values), command };
}

/** The one option that has its value behind `=` or none. */
function withValue(arg: string): string {
  return arg === "--package-security" ? `${arg}=lenient` : arg;
}

function parse(before: string[]) {
  try {
    return parseArgs({ args: before, options: OPTIONS, strict: true, allowPositionals: false })
      .values;
  } catch (error) {
    throw new RunUsageError(explain(error, before), { cause: error });
  }
}

function explain(error: unknown, args: string[]): string {
  const code = (error as { code?: string }).code;
  const message = error instanceof Error ? error.message : String(error);
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
    const known = Object.keys(OPTIONS).map((name) => `--${name}`);
    const unknown = args.map((a) => a.split("=")[0]!)
      .find((a) => a.startsWith("-") && !known.includes(a) && a !== "-h") ?? "?";
    const close = nearest(unknown, known);
    return `unknown option ${unknown}` + (close === undefined ? "" : `: did you mean ${close}?`);
  }
  if (code === "ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL") {
    return "put `--` in front of the command: egress run ... -- COMMAND";
  }
  return message.split("\n")[0]!;
}

function onlyOnce(args: string[]): string | undefined {
  const seen = new Set<string>();
  for (const arg of args) {
    const name = arg.split("=")[0]!;
    if (!name.startsWith("--") || name === "--upstream-ca") continue;
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}

function base(values: ReturnType<typeof parse>): Omit<RunArgs, "command"> {
  return {
    help: values.help ?? false,
    ...(values.policy !== undefined && { policyFile: values.policy }),
    ...(values["policy-text"] !== undefined && { policyText: values["policy-text"] }),
    audit: values.audit ?? false,
    ...(values.log !== undefined && { log: values.log }),
    ...(values["log-key"] !== undefined && { logKey: values["log-key"] }),
    ...(values.repo !== undefined && { repository: values.repo }),
    upstreamCas: values["upstream-ca"] ?? [],
    defaults: !(values["no-defaults"] ?? false),
    failOnBlock: values["fail-on-block"] ?? false,
    ...(values.user !== undefined && { user: values.user }),
    jsonStatus: values["json-status"] ?? false,
    logQueries: values["log-queries"] ?? false,
    ...(values["github-token-file"] !== undefined &&
      { githubTokenFile: values["github-token-file"] }),
    ...(values["package-security"] !== undefined && {
      packageSecurity: oneOf("--package-security", values["package-security"], PACKAGE_SECURITY),
    }),
    foreignTokens: oneOf("--foreign-tokens", values["foreign-tokens"] ?? "allow", [
      "allow",
      "deny",
    ]),
  };
}

function oneOf<T extends string>(option: string, value: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw new RunUsageError(`${option} is ${choices.join(" or ")}`);
  return found;
}
