/**
 * The policies of a file, plain or workflow, and the rules that they put in force.
 *
 * @module
 */

import { RUNNER_CGROUP, RUNNER_RULES } from "../github/runner_defaults.ts";
import { findPolicies, MAX_WORKFLOW, type Place, WorkflowError } from "../github/workflow.ts";
import { type Defaults, type Diagnostic, parsePolicy, type Rule } from "../policy/mod.ts";
import { UsageError } from "./args.ts";
import { readTextFile } from "./files.ts";

/** One policy and where it stands. */
export interface PolicySource {
  /** The file as it was named. */
  file: string;
  text: string;
  /** The step, if it stands in a workflow. */
  step?: string;
  /** From a place in the text to the place in the file. */
  locate(place: Place): Place;
}

/** Options that every offline tool takes. */
export const POLICY_OPTIONS = {
  repo: { type: "string" },
  "no-defaults": { type: "boolean" },
  "no-runner-cgroup": { type: "boolean" },
} as const;

/** Their values. */
export interface PolicyOptions {
  repo?: string;
  "no-defaults"?: boolean;
  "no-runner-cgroup"?: boolean;
}

/** Their lines in a help text. */
export const POLICY_HELP =
  `  --repo OWNER/REPO   fills the placeholders {owner} and {repo} (default: GITHUB_REPOSITORY)
  --no-defaults       without the built-in rules for GitHub-hosted runners
  --no-runner-cgroup  rules of a workflow without cgroup= hold for every process, not only the job's
`;

/**
 * Reads the policies of a file: of a workflow (by its name, `.yml` or `.yaml`, or by a line `jobs:` or
 * `runs:`, which is no rule) every step's that uses egress, else the file itself.
 *
 * @throws {UsageError} if the file cannot be used
 */
export async function readPolicies(file: string): Promise<PolicySource[]> {
  const named = /\.ya?ml$/i.test(file);
  // A character has at most 4 bytes; findPolicies counts exactly.
  const text = named ? await readTextFile(file, MAX_WORKFLOW * 4) : await readTextFile(file);
  if (!named && !/^(?:jobs|runs):[ \t]*\r?$/m.test(text)) {
    return [{ file, text, locate: (place) => place }];
  }
  try {
    return findPolicies(text).map((policy) => ({ ...policy, file }));
  } catch (error) {
    if (!(error instanceof WorkflowError)) throw error;
    const { line, column } = error.place;
    throw new UsageError(`${file}:${line}:${column}: ${error.message}`);
  }
}

/** The rules of a policy as they would be enforced. Their order does not matter to any verdict. */
export interface EffectivePolicy {
  /** The policy's own rules. */
  own: Rule[];
  /** Rules that are there without being asked for. */
  builtIn: Rule[];
  /** What the parser said about the policy's own text; places are those of the text. */
  diagnostics: Diagnostic[];
}

/**
 * Reads a policy and adds the built-in rules.
 *
 * @param extra further built-in rules, as policy text
 */
export function effectivePolicy(
  source: PolicySource,
  options: PolicyOptions,
  extra = "",
): EffectivePolicy {
  const defaults = defaultsOf(source, options);
  const prelude = options["no-defaults"] ? "" : RUNNER_RULES + extra;
  const { rules, diagnostics } = parsePolicy(source.text, {
    defaults,
    ...(options.repo === undefined ? {} : { repository: options.repo }),
  });
  return { own: rules, builtIn: parsePolicy(prelude, { defaults }).rules, diagnostics };
}

/** A workflow runs on a runner, where a rule holds for the job's own processes alone. */
export function defaultsOf(source: PolicySource, options: PolicyOptions): Defaults {
  if (source.step === undefined || options["no-runner-cgroup"]) return {};
  return { attrs: { cgroup: { text: RUNNER_CGROUP, literal: false } } };
}

/** The placeholders' value, or: taken as any name. */
export function repositoryOf(
  options: PolicyOptions,
): { repository: string } | { placeholders: "any" } {
  return options.repo === undefined ? { placeholders: "any" } : { repository: options.repo };
}

/**
 * The same options with `--repo` checked, or taken from the job.
 *
 * @throws {UsageError} if it is no `OWNER/REPO`
 */
export function withRepository<T extends PolicyOptions>(
  options: T,
  env: (name: string) => string | undefined,
): T {
  const repo = options.repo ?? env("GITHUB_REPOSITORY");
  if (repo === undefined || repo === "") return options;
  if (/^[A-Za-z0-9_.-]{1,100}\/[A-Za-z0-9_.-]{1,100}$/.test(repo)) return { ...options, repo };
  if (options.repo === undefined) return options;
  throw new UsageError(`--repo takes OWNER/REPO, not ${repo}`);
}
