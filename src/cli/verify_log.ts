/**
 * `egress verify-log`: has a log been changed, cut or reordered?
 *
 * @module
 */

import type { KeyObject } from "node:crypto";
import { Exit, type ParsedArgs, runCommand, UsageError } from "./args.ts";
import { ChainCheck, type ChainReport, type RunRecord } from "./chain_check.ts";
import { type Io, printable, type Styles, stylesFor } from "./io.ts";
import { readPublicKey } from "./log_key.ts";
import { rawLines } from "./log_reader.ts";

/** What `egress verify-log --help` says. */
export const help = `egress verify-log LOG...

Follows the chain of hashes that the lines of connection logs make (plain or gzip, - for standard
input), and names each line where it does not hold: changed, missing, moved, added, torn, or cut off
at the end (a run without its stop line). Pieces of one log are given in their order.

  --key FILE   public key (PEM): every run's stop line must be signed with its private key
  --json       one JSON object instead of text

Without a key a log that was written anew from its first line on cannot be told from a true one:
see docs/log.md.

Exit status: 0 the chain holds, 1 it does not, 2 a file or argument cannot be used.
`;

const OPTIONS = { key: { type: "string" }, json: { type: "boolean" } } as const;

/** Runs the command. @returns the exit status */
export function main(args: string[], io?: Io): Promise<number> {
  return runCommand({ name: "verify-log", help, options: OPTIONS, run }, args, io);
}

interface FileReport extends ChainReport {
  file: string;
}

async function run({ values, positionals }: ParsedArgs<typeof OPTIONS>, io: Io): Promise<number> {
  if (positionals.length === 0) throw new UsageError("which LOG? (see egress verify-log --help)");
  const key = values.key === undefined ? undefined : await readPublicKey(values.key);
  const reports: FileReport[] = [];
  let before: string | undefined;
  for (const file of positionals) {
    const { report, last } = await check(file, key, before, io);
    reports.push(report);
    before = last;
  }
  const ok = reports.every(({ breakCount }) => breakCount === 0);
  if (values.json) io.out(JSON.stringify({ ok, files: reports }) + "\n");
  else for (const report of reports) io.out(textOf(report, stylesFor(io)));
  return ok ? Exit.ok : Exit.found;
}

async function check(file: string, key: KeyObject | undefined, before: string | undefined, io: Io) {
  const chain = new ChainCheck(key, before);
  for await (const { bytes, ended } of rawLines(file, io)) chain.add(bytes, ended);
  const report = { file, ...chain.finish() };
  if (report.lines === 0) throw new UsageError(`${file} is empty: it has no start line`);
  return { report, last: chain.last };
}

function textOf(report: FileReport, styles: Styles): string {
  const { file, lines, runs, breaks, breakCount } = report;
  const out = runs.map((run) => `${file}: ${printable(runText(run))}`);
  for (const run of runs) {
    for (const { line, message, error } of run.gaps) {
      out.push(`${file}:${line}: ${styles.yellow("noted")}: ${printable(message || error)}`);
    }
  }
  for (const { line, mode, policy_sha256 } of runs.flatMap(({ changes }) => changes)) {
    const change = printable(`from here on ${mode}, policy ${policy_sha256}`);
    out.push(`${file}:${line}: ${styles.yellow("noted")}: ${change}`);
  }
  for (const { line, kind, message } of breaks) {
    out.push(`${file}:${line}: ${styles.red(`error[${kind}]`)}: ${printable(message)}`);
  }
  if (breakCount > breaks.length) out.push(`${file}: ${breakCount - breaks.length} more errors`);
  const verdict = breakCount === 0
    ? styles.green("the chain holds")
    : styles.red("the chain does not hold");
  out.push(`${file}: ${lines} lines: ${verdict}`);
  return out.map((line) => line + "\n").join("");
}

function runText(run: RunRecord): string {
  const span = `lines ${run.start_line}-${run.stop_line ?? "?"}, ${run.from} to ${run.to ?? "?"}`;
  const what = `egress ${run.version}, ${run.mode}, policy ${run.policy_sha256}`;
  const counts = run.stop_line === undefined
    ? "no stop line"
    : `${run.allowed ?? "?"} allowed, ${run.denied ?? "?"} denied, ` +
      `${run.gate_dropped ?? "?"} packets dropped by the gate`;
  const signed = {
    valid: "signature valid",
    invalid: "signature NOT valid",
    unchecked: "signed, not checked (--key)",
    none: "not signed",
  }[run.signature];
  return `run ${run.run}: ${span}; ${what}; ${counts}; ${signed}`;
}
