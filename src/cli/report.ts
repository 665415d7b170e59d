/**
 * `egress report`: logs as one page to read.
 *
 * @module
 */

import { warnUnreadable } from "./analyze.ts";
import { Exit, type ParsedArgs, runCommand, UsageError } from "./args.ts";
import { writeReport } from "./files.ts";
import type { Io } from "./io.ts";
import { readLogs } from "./log_reader.ts";
import { ReportBuilder } from "./report_data.ts";
import { renderReport } from "./report_page.ts";

/** What `egress report --help` says. */
export const help = `egress report LOG... -o FILE.html

Makes one page of connection logs (plain or gzip, - for standard input): what was denied and allowed,
by process and step, when, and which rule would allow what was denied. The page loads nothing and
works without scripts; nothing of a log can act in it.

  -o, --output FILE   where to write it; - for standard output

Exit status: 0 fine, 2 a file or argument cannot be used.
`;

const OPTIONS = { output: { type: "string", short: "o" } } as const;

/** Runs the command. @returns the exit status */
export function main(args: string[], io?: Io): Promise<number> {
  return runCommand({ name: "report", help, options: OPTIONS, run }, args, io);
}

async function run({ values, positionals }: ParsedArgs<typeof OPTIONS>, io: Io): Promise<number> {
  if (positionals.length === 0) throw new UsageError("which LOG? (see egress report --help)");
  const { output } = values;
  if (output === undefined) throw new UsageError("where to? Name the page with -o FILE.html");
  const builder = new ReportBuilder();
  const count = await readLogs(positionals, builder, io);
  const page = renderReport(builder.build(), positionals);
  if (output === "-") io.out(page);
  else await writeReport(output, page);
  warnUnreadable(count, io);
  return Exit.ok;
}
