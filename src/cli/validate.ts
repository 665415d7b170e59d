/**
 * `egress validate`: are these policies right?
 *
 * @module
 */

import { type Diagnostic, formatRules, type Rule, validatePolicy } from "../policy/mod.ts";
import { Exit, type ParsedArgs, runCommand, UsageError } from "./args.ts";
import {
  type FileDiagnostic,
  formatAnnotation,
  formatDiagnostic,
  inFile,
  toSarif,
} from "./diagnostics.ts";
import { writeReport } from "./files.ts";
import { type Io, stylesFor } from "./io.ts";
import {
  defaultsOf,
  effectivePolicy,
  POLICY_HELP,
  POLICY_OPTIONS,
  type PolicySource,
  readPolicies,
  repositoryOf,
  withRepository,
} from "./policies.ts";

/** What `egress validate --help` says. */
export const help = `egress validate FILE...

Checks policies. FILE is a plain policy (- for standard input) or a workflow (.yml, .yaml), of which
every step that uses egress is checked, at its place in the file.

  --strict            warnings count as errors
  --json              one JSON object instead of lines
  --dump-rules        print every effective rule, complete in itself (placeholders need --repo)
  --sarif FILE        write the findings for code scanning
${POLICY_HELP}
Exit status: 0 fine, 1 a policy is not valid, 2 a file or argument cannot be used.
`;

const OPTIONS = {
  ...POLICY_OPTIONS,
  strict: { type: "boolean" },
  json: { type: "boolean" },
  "dump-rules": { type: "boolean" },
  sarif: { type: "string" },
} as const;

type Parsed = ParsedArgs<typeof OPTIONS>;

/** Runs the command. @returns the exit status */
export function main(args: string[], io?: Io): Promise<number> {
  return runCommand({ name: "validate", help, options: OPTIONS, run }, args, io);
}

/** What was found in all files. */
interface Findings {
  diagnostics: FileDiagnostic[];
  policies: { file: string; step?: string; rules: Rule[] }[];
  /** Files that could not be used, one sentence each. */
  unusable: string[];
}

async function run({ values, positionals }: Parsed, io: Io): Promise<number> {
  if (positionals.length === 0) throw new UsageError("which FILE? (see egress validate --help)");
  const options = withRepository(values, io.env);
  const findings: Findings = { diagnostics: [], policies: [], unusable: [] };
  for (const file of positionals) await checkFile(file, options, findings);
  if (values.json) io.out(toJson(findings, values));
  else report(findings, values, io);
  if (values.sarif !== undefined) await writeReport(values.sarif, toSarif(findings.diagnostics));
  return statusOf(findings, values);
}

async function checkFile(file: string, options: Parsed["values"], findings: Findings) {
  try {
    for (const source of await readPolicies(file)) checkPolicy(source, options, findings);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    findings.unusable.push(error.message);
  }
}

function checkPolicy(source: PolicySource, options: Parsed["values"], findings: Findings) {
  const diagnostics = validatePolicy(source.text, {
    defaults: defaultsOf(source, options),
    ...repositoryOf(options),
  });
  findings.diagnostics.push(...inFile(source, aboutExpressions(source, diagnostics)));
  const { file, step } = source;
  const { builtIn, own } = effectivePolicy(source, options);
  const rules = [...builtIn, ...own];
  findings.policies.push(step === undefined ? { file, rules } : { file, step, rules });
}

/** What `${{ }}` becomes is not known before the workflow runs: say so rather than "syntax". */
function aboutExpressions(source: PolicySource, diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const lines = source.text.split("\n");
  return diagnostics.map((diagnostic) => {
    const at = lines[diagnostic.line - 1]?.indexOf("${{") ?? -1;
    if (at < 0 || diagnostic.severity !== "error") return diagnostic;
    return {
      ...diagnostic,
      column: at + 1,
      code: "expression",
      message: "an expression cannot be checked: it is filled in only when the workflow runs",
      suggestion: "write the value, or {owner} and {repo} for the repository",
    };
  });
}

function report({ diagnostics, policies, unusable }: Findings, values: Parsed["values"], io: Io) {
  const styles = stylesFor(io);
  for (const diagnostic of diagnostics) io.out(formatDiagnostic(diagnostic, styles));
  if (io.env("GITHUB_ACTIONS") === "true") io.out(diagnostics.map(formatAnnotation).join(""));
  for (const { file, step, rules } of values["dump-rules"] ? policies : []) {
    io.out(`# ${file}${step === undefined ? "" : `: ${step}`}\n`);
    io.out(formatRules(rules));
  }
  for (const sentence of unusable) io.err(`egress validate: ${sentence}\n`);
  const { errors, warnings } = count(diagnostics);
  const seen = plural(policies.length, "policy", "policies");
  io.err(`${seen}: ${plural(errors, "error")}, ${plural(warnings, "warning")}\n`);
}

function toJson({ diagnostics, policies, unusable }: Findings, values: Parsed["values"]): string {
  const dump = values["dump-rules"] === true;
  return JSON.stringify({
    ...count(diagnostics),
    diagnostics,
    policies: policies.map(({ rules, ...policy }) => dump ? { ...policy, rules } : policy),
    unusable,
  }) + "\n";
}

function statusOf({ diagnostics, unusable }: Findings, values: Parsed["values"]): number {
  if (unusable.length > 0) return Exit.unusable;
  const { errors, warnings } = count(diagnostics);
  return errors > 0 || (values.strict && warnings > 0) ? Exit.found : Exit.ok;
}

function count(diagnostics: readonly FileDiagnostic[]): { errors: number; warnings: number } {
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  return { errors, warnings: diagnostics.length - errors };
}

function plural(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
