/**
 * `egress permissions`: the GitHub token scopes that a log's requests needed.
 *
 * @module
 */

import { isOidcRequest, permissionsFor, type TokenRequest } from "../github/permissions.ts";
import type { LogEvent } from "../protocol/log.ts";
import { warnUnreadable } from "./analyze.ts";
import { Exit, type ParsedArgs, runCommand, UsageError } from "./args.ts";
import { type Io, printable } from "./io.ts";
import { readLogs } from "./log_reader.ts";

/** What `egress permissions --help` says. */
export const help = `egress permissions LOG...

Prints the \`permissions:\` block that a workflow needs for the requests its log shows: those that
carried the job's token, and the ones for OIDC tokens. Requests whose scope is not known follow as
comments.

  --json              {"permissions": {...}, "unknown": [[method, path], ...]}

Exit status: 0 fine, 2 a file or argument cannot be used.
`;

const OPTIONS = { json: { type: "boolean" } } as const;

/** Runs the command. @returns the exit status */
export function main(args: string[], io?: Io): Promise<number> {
  return runCommand({ name: "permissions", help, options: OPTIONS, run }, args, io);
}

async function run({ values, positionals }: ParsedArgs<typeof OPTIONS>, io: Io): Promise<number> {
  if (positionals.length === 0) throw new UsageError("which LOG? (see egress permissions --help)");
  const requests = new Map<string, TokenRequest>();
  const count = await readLogs(positionals, { event: (line) => collect(line, requests) }, io);
  const needed = permissionsFor([...requests.values()]);
  io.out(values.json ? JSON.stringify(needed) + "\n" : blockOf(needed));
  warnUnreadable(count, io);
  return Exit.ok;
}

function collect(line: LogEvent, requests: Map<string, TokenRequest>) {
  if (typeof line.url !== "string") return;
  // The OIDC endpoint is asked with a token of its own kind.
  if (line.github_token !== true && !isOidcRequest(line.url)) return;
  const method = typeof line.method === "string" ? line.method : "GET";
  requests.set(`${method} ${line.url}`, { url: line.url, method, token: true });
}

function blockOf({ permissions, unknown }: ReturnType<typeof permissionsFor>): string {
  const scopes = Object.entries(permissions);
  const block = scopes.length === 0
    ? "permissions: {}\n"
    : `permissions:\n${scopes.map(([scope, access]) => `  ${scope}: ${access}\n`).join("")}`;
  return block + unknown.map(([method, path]) => printable(`# not known: ${method} ${path}`) + "\n")
    .join("");
}
