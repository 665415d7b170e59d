/**
 * `egress run`: reads and validates what it was told, then hands over to the supervisor.
 *
 * @module
 */

import type { RunSpec } from "../supervisor/run_spec.ts";
import { EgressError, EXIT_EGRESS_FAILED } from "../supervisor/errors.ts";
import { run } from "../supervisor/run.ts";
import { readLogKey } from "./log_key.ts";
import { checkPolicy, readCa, readPolicy } from "./policy_input.ts";
import { parseRunArgs, type RunArgs, RunUsageError } from "./run_args.ts";
import { jobTokens, refuseBlindSpots } from "./run_tokens.ts";

/** Shown by `egress run --help`. */
export const help = `egress run: run a command that reaches only what a policy names

  sudo egress run --policy FILE [options] -- COMMAND [ARG...]

  --policy FILE       the policy; - reads it from standard input
  --policy-text TEXT  the policy itself
  --audit             block nothing, but log and report what would be blocked
  --log FILE          append the connection log (JSON lines, a hash chain) to FILE
  --log-key FILE      sign the log's end with this Ed25519 private key (PEM, root's alone)
  --repo OWNER/NAME   fills {owner} and {repo} in the policy (default: GITHUB_REPOSITORY)
  --upstream-ca FILE  also trust this CA (PEM) for the servers that are reached; may be repeated
  --no-defaults       do not add ADDRESS:53/udp for the nameservers of /etc/resolv.conf
  --fail-on-block     exit with 3 if anything was blocked and COMMAND succeeded
  --user USER         run COMMAND as USER (default: who called sudo)
  --json-status       print the closing summary as one JSON line
  --log-queries       keep query strings of URLs in the log
  --package-security[=strict]
                      ask Socket.dev's firewall API about each package before it is downloaded, and refuse
                      what is known to be bad; strict: also what could not be checked
  --github-token-file FILE
                      the job's own GitHub tokens, one a line; - reads standard input (default:
                      GITHUB_TOKEN, ACTIONS_ID_TOKEN_REQUEST_TOKEN and ACTIONS_RUNTIME_TOKEN of egress's caller)
  --foreign-tokens deny|allow
                      deny: refuse requests to GitHub that carry any other credential (default: allow)

COMMAND and everything it starts is confined; the rest of the machine is untouched.

Exit status: COMMAND's own (128+N after signal N, 126 not executable, 127 not found);
3 with --fail-on-block; 125 if egress itself failed, in which case nothing passed unjudged.
`;

/** Runs the command. @returns the exit status */
export async function main(args: string[]): Promise<number> {
  const say = (line: string) => console.error(line);
  try {
    const parsed = parseRunArgs(args);
    if (parsed.help) {
      console.log(help.trimEnd());
      return 0;
    }
    return await run(await toSpec(parsed, say), say);
  } catch (error) {
    if (error instanceof RunUsageError) {
      say(`egress run: ${error.message}`);
      say("See egress run --help.");
      return EXIT_EGRESS_FAILED;
    }
    if (error instanceof EgressError) {
      say(`egress: ${error.message}`);
      if (error.hint !== undefined) say(`egress: to fix it: ${error.hint}`);
      return EXIT_EGRESS_FAILED;
    }
    say(`egress: a defect in egress: ${error instanceof Error ? error.stack : error}`);
    return EXIT_EGRESS_FAILED;
  }
}

/**
 * Reads what the command line names, and the environment.
 *
 * @param say prints one line for the user
 * @throws {EgressError}
 */
export async function toSpec(args: RunArgs, say: (line: string) => void): Promise<RunSpec> {
  const env = Deno.env.toObject();
  const repository = args.repository ?? env["GITHUB_REPOSITORY"];
  const name = args.policyFile === undefined ? "--policy-text" : args.policyFile;
  const policy = args.policyFile === undefined
    ? args.policyText ?? ""
    : await readPolicy(args.policyFile);
  checkPolicy(policy, name, args.audit, repository, say);
  if (args.foreignTokens === "deny") refuseBlindSpots(policy, repository, args.audit, say);
  const found = await jobTokens(args, env, policy, say);
  const {
    EGRESS_ROOT: root,
    EGRESS_BUNDLE: bundle,
    EGRESS_OBJECT: object,
    EGRESS_RUN_ID: id,
    EGRESS_TIMING: timing,
    ...rest
  } = env;
  if (root === undefined || object === undefined || id === undefined) {
    throw new EgressError("egress was not started by its launcher", "start it as ./egress");
  }
  return {
    policy,
    audit: args.audit,
    ...(args.log !== undefined && { log: args.log }),
    ...(args.logKey !== undefined && { logKey: await readLogKey(args.logKey) }),
    ...(repository !== undefined && { repository }),
    upstreamCas: args.upstreamCas.map(readCa),
    defaults: args.defaults,
    failOnBlock: args.failOnBlock,
    ...(args.user !== undefined && { user: args.user }),
    jsonStatus: args.jsonStatus,
    logQueries: args.logQueries,
    ...found,
    ...(args.packageSecurity && { packageSecurity: args.packageSecurity }),
    timing: timing !== undefined,
    command: args.command,
    env: withoutLauncher(rest),
    id,
    home: { root, ...(bundle !== undefined && { bundle }), object },
  };
}

/** What the launcher set for itself is not COMMAND's business. */
function withoutLauncher(env: Record<string, string>): Record<string, string> {
  const { DENO_DIR: _dir, EGRESS_CALLER_DENO_DIR: callers, DENO_NO_UPDATE_CHECK: _check, ...rest } =
    env;
  return callers === undefined || callers === "" ? rest : { ...rest, DENO_DIR: callers };
}
