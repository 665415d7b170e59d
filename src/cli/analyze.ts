/**
 * `egress analyze`: would this policy allow what the logs saw?
 *
 * @module
 */

import { nameservers } from "../supervisor/resolv_conf.ts";
import { Analysis } from "./analysis.ts";
import { reportText, toJson } from "./analysis_report.ts";
import { Exit, type ParsedArgs, runCommand, UsageError } from "./args.ts";
import { formatDiagnostic, inFile } from "./diagnostics.ts";
import { type Io, stylesFor } from "./io.ts";
import { type LogCount, readLogs } from "./log_reader.ts";
import {
  effectivePolicy,
  POLICY_HELP,
  POLICY_OPTIONS,
  type PolicySource,
  readPolicies,
  withRepository,
} from "./policies.ts";

/** What `egress analyze --help` says. */
export const help = `egress analyze FILE --log LOG...

Replays connection logs (plain or gzip, - for standard input) against a policy: which processes would
be kept from what, which rule would allow it, and which rules nothing needs. FILE is a plain policy
or a workflow, of which every policy is held against the logs.

  --log LOG           a log; may be given several times, and all that follows FILE are logs too
  -v, --verbose       list what is allowed, too
  --json              one JSON object instead of text (allowed pairs with -v only)
  --fail-unused       exit with 1 if a rule of the policy is not needed
  --nameserver IP     a resolver of the machine, which the policy need not name; may be given
                      several times (default, for a plain policy: those of /etc/resolv.conf)
${POLICY_HELP}
Exit status: 0 all is allowed, 1 something would be blocked or the policy is not valid, 2 a file or
argument cannot be used.
`;

const OPTIONS = {
  ...POLICY_OPTIONS,
  log: { type: "string", multiple: true },
  verbose: { type: "boolean", short: "v" },
  json: { type: "boolean" },
  "fail-unused": { type: "boolean" },
  nameserver: { type: "string", multiple: true },
} as const;

type Parsed = ParsedArgs<typeof OPTIONS>;
type Options = Parsed["values"];

/** Runs the command. @returns the exit status */
export function main(args: string[], io?: Io): Promise<number> {
  return runCommand({ name: "analyze", help, options: OPTIONS, run }, args, io);
}

async function run({ values, positionals }: Parsed, io: Io): Promise<number> {
  const [file, ...more] = positionals;
  if (file === undefined) throw new UsageError("which FILE? (see egress analyze --help)");
  const logs = [...values.log ?? [], ...more];
  if (logs.length === 0) throw new UsageError("which logs? Name them with --log LOG");
  const options = withRepository(values, io.env);
  const sources = await readPolicies(file);
  if (sources.length === 0) throw new UsageError(`${file} has no step that gives egress a policy`);
  const analyses = await prepare(sources, options, io);
  if (!analyses) return Exit.found;
  const count = await replay(logs, analyses.map(({ analysis }) => analysis), io);
  const results = analyses.map(({ source, analysis }) => ({ source, result: analysis.result() }));
  io.out(values.json ? toJson(results, count) : reportText(results, options, stylesFor(io)));
  warnUnreadable(count, io);
  const bad = results.some(({ result }) =>
    result.blocked > 0 || (values["fail-unused"] && result.unused.length > 0)
  );
  return bad ? Exit.found : Exit.ok;
}

interface Prepared {
  source: PolicySource;
  analysis: Analysis;
}

/** One analysis for each policy, or null if one is not valid. */
async function prepare(sources: PolicySource[], options: Options, io: Io) {
  const styles = stylesFor(io);
  const prepared: Prepared[] = [];
  let valid = true;
  for (const source of sources) {
    const extra = await nameserverRules(source, options);
    const { own, builtIn, diagnostics } = effectivePolicy(source, options, extra);
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    for (const error of inFile(source, errors)) io.err(formatDiagnostic(error, styles));
    if (errors.length > 0) valid = false;
    prepared.push({ source, analysis: new Analysis(own, builtIn, options.verbose) });
  }
  return valid ? prepared : null;
}

/** Rules for the machine's resolvers, as `egress run` adds them. */
async function nameserverRules(source: PolicySource, options: Options): Promise<string> {
  const given = options.nameserver ?? (source.step === undefined ? await ownNameservers() : []);
  return given.map((address) => `${address}:53/udp\n`).join("");
}

async function ownNameservers(): Promise<string[]> {
  try {
    return nameservers(await Deno.readTextFile("/etc/resolv.conf"));
  } catch {
    return []; // without it, or without the permission to read it, only what is given counts
  }
}

function replay(logs: string[], analyses: Analysis[], io: Io): Promise<LogCount> {
  return readLogs(logs, {
    begin: () => analyses.forEach((analysis) => analysis.begin()),
    event: (event) => analyses.forEach((analysis) => analysis.add(event)),
  }, io);
}

/** Says how many lines were no events: a log may end in the middle of a line. */
export function warnUnreadable({ unreadable, firstUnreadable }: LogCount, io: Io) {
  if (unreadable === 0) return;
  const rest = unreadable === 1 ? "" : ` and ${unreadable - 1} more`;
  io.err(`egress: skipped ${firstUnreadable}${rest}: no JSON event\n`);
}
