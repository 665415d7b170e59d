/**
 * `egress suggest`: a minimal policy from logs.
 *
 * @module
 */

import { PolicyDraft, type Scope, SCOPES } from "../policy/derive/mod.ts";
import { warnUnreadable } from "./analyze.ts";
import { Exit, type ParsedArgs, runCommand, UsageError } from "./args.ts";
import { type Io, printable } from "./io.ts";
import { LogDraft } from "./log_draft.ts";
import { type LogCount, readLogs } from "./log_reader.ts";
import { withRepository } from "./policies.ts";

/** What `egress suggest --help` says. */
export const help = `egress suggest LOG...

Prints a policy that allows exactly what the logs (plain or gzip, - for standard input) show, grouped
by host, with the processes seen. Segments in which paths differ become *.

  --scope WHO         tie every rule to who was seen: none (default), exe, step, action or image
  --min-runs N        leave out what fewer than N of the logs show (default 1)
  --wildcards         fold three and more sibling hosts into one wildcard
  --repo OWNER/REPO   write these path segments as {owner}/{repo} (default: GITHUB_REPOSITORY)
  --json              {"policy": TEXT, "rules": N, "uncovered": [...]}

Review it before use: a log of an attack makes a policy that allows the attack.

Exit status: 0 fine, 2 a file or argument cannot be used.
`;

const OPTIONS = {
  scope: { type: "string" },
  "min-runs": { type: "string" },
  wildcards: { type: "boolean" },
  repo: { type: "string" },
  json: { type: "boolean" },
} as const;

/** Runs the command. @returns the exit status */
export function main(args: string[], io?: Io): Promise<number> {
  return runCommand({ name: "suggest", help, options: OPTIONS, run }, args, io);
}

async function run({ values, positionals }: ParsedArgs<typeof OPTIONS>, io: Io): Promise<number> {
  if (positionals.length === 0) throw new UsageError("which LOG? (see egress suggest --help)");
  const { repo } = withRepository(values, io.env);
  const draft = new LogDraft(
    new PolicyDraft({
      scope: scopeFrom(values.scope),
      minRuns: runsFrom(values["min-runs"]),
      wildcards: values.wildcards === true,
      ...(repo === undefined ? {} : { repository: repo }),
    }),
  );
  const count = await readLogs(positionals, draft, io);
  const { text, rules, uncovered, rare } = draft.derive();
  if (values.json) {
    io.out(JSON.stringify({ policy: text, rules, uncovered }) + "\n");
  } else {
    const title = titleOf(positionals, count, rules);
    io.out(text === "" ? title : `${title}\n${text}`);
  }
  if (rare > 0) io.err(`egress suggest: ${rare} destinations were left out (--min-runs)\n`);
  warnUnreadable(count, io);
  return Exit.ok;
}

function titleOf(logs: readonly string[], { lines }: LogCount, rules: number): string {
  const from = logs.length === 1 ? logs[0]! : `${logs.length} logs`;
  return `# ${rules} rules from ${printable(from)} (${lines} lines)\n`;
}

function scopeFrom(text: string | undefined): Scope {
  const scope = SCOPES.find((one) => one === (text ?? "none"));
  if (scope === undefined) throw new UsageError(`--scope takes ${SCOPES.join(", ")}; not ${text}`);
  return scope;
}

function runsFrom(text: string | undefined): number {
  if (text === undefined) return 1;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UsageError(`--min-runs takes a number from 1, not ${text}`);
}
