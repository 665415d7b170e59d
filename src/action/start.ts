/**
 * Starts the guard as root.
 *
 * @module
 */

import { CA_VARIABLES } from "../protocol/mod.ts";
import { asRoot, type Ended } from "./as_root.ts";
import { HookError } from "./errors.ts";
import { type GuardStatus, toGuardStatus } from "./guard_status.ts";
import { say } from "./hook.ts";
import type { Inputs } from "./inputs.ts";
import { policyProblems } from "./policy_problems.ts";
import { jobTokens, startArguments } from "./start_arguments.ts";

/** Logs are root's to write and everybody's to read, and stay after the guard. */
const LOGS = "/var/log/egress";

/**
 * $1 executable, $2 folder of logs, $3 URL that gives OIDC tokens, then arguments of `egress start`. Standard input
 * has the job's tokens on its first line, blanks between; then comes the policy to its end. So neither is in a
 * file that the job's user can change, nor in a command line that others can read.
 */
const START = `
set -euf
umask 077
exe=$1 logs=$2 oidc=$3
shift 3
folder=$(mktemp -d /run/egress-start.XXXXXX)
trap 'rm -rf -- "$folder"' EXIT
IFS= read -r tokens
if [ -n "$tokens" ]; then
  printf '%s\\n' $tokens > "$folder/tokens"
  set -- "$@" --github-token-file "$folder/tokens"
fi
: > "$folder/env"
umask 022
mkdir -p -- "$logs"
log=$logs/$(od -An -N8 -tx8 /dev/urandom | tr -d ' ').jsonl
[ -z "$oidc" ] || export ACTIONS_ID_TOKEN_REQUEST_URL="$oidc"
"$exe" start --policy - --log "$log" --github-env "$folder/env" "$@"
cat "$folder/env"
`;

/** Longest start, ms: on a machine without anything, packages are fetched and programs compiled. */
const PATIENCE = 300_000;

/** A guard that has started. */
export interface Started {
  status: GuardStatus;
  /** Variables that lead programs of later steps to the machine's CA bundle. */
  environment: Record<string, string>;
}

/**
 * Starts the guard.
 *
 * @param executable from {@link provideExecutable}
 * @param policy its text
 * @param env the hook's environment
 * @throws {HookError} if it is not guarding: then nothing of it is left
 */
export async function startGuard(
  executable: string,
  policy: string,
  inputs: Inputs,
  env: Record<string, string | undefined>,
): Promise<Started> {
  const ended = await asRoot(START, {
    args: [
      ...[executable, LOGS, env["ACTIONS_ID_TOKEN_REQUEST_URL"] ?? ""],
      ...startArguments(inputs, env["GITHUB_REPOSITORY"] ?? ""),
    ],
    stdin: `${jobTokens(inputs, env).join(" ")}\n${policy}`,
    timeout: PATIENCE,
    onLine: say,
  });
  if (ended.code !== 0) throw failure(ended, inputs);
  const [first = "", ...rest] = ended.stdout.split("\n");
  return { status: toGuardStatus(JSON.parse(first)), environment: toEnvironment(rest) };
}

function failure({ code, stderr }: Ended, inputs: Inputs): HookError {
  const lines = stderr.split("\n").filter((line) => line !== "");
  const problems = policyProblems(lines, inputs.policy);
  if (code === 1 && problems.length > 0) return new HookError("the policy is not valid", problems);
  const last = lines.slice(-3).join("; ");
  return new HookError(`egress could not start (exit status ${code}): ${last}`);
}

/** Only what the guard is known to write: these become variables of every later step. */
function toEnvironment(lines: string[]): Record<string, string> {
  const known = new Set<string>(CA_VARIABLES);
  return Object.fromEntries(lines.flatMap((line) => {
    const at = line.indexOf("=");
    const name = line.slice(0, at);
    return at > 0 && known.has(name) ? [[name, line.slice(at + 1)]] : [];
  }));
}
