/**
 * The job's own tokens for `egress run`: where they come from, and what is kept of them.
 *
 * @module
 */

import { digestTokens, GITHUB_DOMAINS, isToken } from "../github/tokens.ts";
import { compileRule } from "../policy/compile.ts";
import type { HostPattern } from "../policy/names.ts";
import { hostsOverlap } from "../policy/overlap.ts";
import { parsePolicy } from "../policy/parse.ts";
import { EgressError } from "../supervisor/errors.ts";
import type { RunTokens } from "../supervisor/run_spec.ts";
import type { RunArgs } from "./run_args.ts";

/** Variables of a job that hold tokens made for it alone. */
const VARIABLES = ["GITHUB_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_RUNTIME_TOKEN"];

/** The job's tokens: for this process, and as what the proxies get. */
export interface FoundTokens {
  secrets: string[];
  /** Absent: nobody asks for tokens, and none is known. */
  tokens?: RunTokens;
}

/**
 * Reads the job's tokens and makes digests of them.
 *
 * @param env of whoever called egress
 * @param policy text; a rule in it may ask for a token
 * @param say prints one line for the user
 * @throws {EgressError} if the file cannot be read or holds no token
 */
export async function jobTokens(
  args: Pick<RunArgs, "githubTokenFile" | "foreignTokens">,
  env: Record<string, string>,
  policy: string,
  say: (line: string) => void,
): Promise<FoundTokens> {
  const denyForeign = args.foreignTokens === "deny";
  const everywhere = /\btoken=/.test(policy);
  const secrets = args.githubTokenFile === undefined
    ? fromEnvironment(env, say)
    : await fromFile(args.githubTokenFile);
  if (secrets.length === 0) {
    if (!denyForeign && !everywhere) return { secrets };
    say(
      "egress: no token of the job is known, so every credential counts as foreign; " +
        "to fix it: pass --github-token-file FILE, or set GITHUB_TOKEN where egress is started",
    );
  }
  const oidcHost = hostOf(env["ACTIONS_ID_TOKEN_REQUEST_URL"]);
  const tokens = {
    ...digestTokens(secrets),
    ...(oidcHost !== undefined && { oidcHost }),
    denyForeign,
    everywhere,
  };
  return { secrets, tokens };
}

/**
 * A connection that is not decrypted shows no token: `--foreign-tokens deny` would promise too much.
 *
 * @returns a sentence that names the rule; undefined if there is none
 */
export function blindSpot(policy: string, repository: string | undefined): string | undefined {
  const { rules } = parsePolicy(policy, repository === undefined ? {} : { repository });
  const blind = rules.find((rule, index) => {
    const { host } = compileRule(rule, index);
    return rule.passthrough && host !== null && GITHUB.some((of) => hostsOverlap(of, host));
  });
  if (!blind) return undefined;
  return `line ${blind.line} of the policy (${blind.text}) leaves connections to GitHub ` +
    "undecrypted, so --foreign-tokens deny cannot look at their tokens";
}

/**
 * Refuses a policy with a blind spot.
 *
 * @param audit only say so
 * @throws {EgressError} naming the rule
 */
export function refuseBlindSpots(
  policy: string,
  repository: string | undefined,
  audit: boolean,
  say: (line: string) => void,
): void {
  const message = blindSpot(policy, repository);
  if (message === undefined) return;
  if (!audit) throw new EgressError(message, "take passthrough off that rule, or the option");
  say(`egress: ${message}`);
}

const GITHUB: readonly HostPattern[] = GITHUB_DOMAINS.flatMap((base) => [
  { base, label: null, deep: false },
  { base, label: null, deep: true },
]);

function fromEnvironment(env: Record<string, string>, say: (line: string) => void): string[] {
  return VARIABLES.flatMap((name) => {
    const value = env[name]?.trim() ?? "";
    if (value === "") return [];
    if (isToken(value)) return [value];
    say(`egress: ${name} holds no token, so it is not looked for in requests`);
    return [];
  });
}

/** One token a line. */
async function fromFile(file: string): Promise<string[]> {
  const lines = (await readText(file)).split("\n").map((line) => line.trim());
  const tokens = lines.filter((line) => line !== "");
  const wrong = lines.findIndex((line) => line !== "" && !isToken(line));
  if (tokens.length > 0 && wrong < 0) return tokens;
  throw new EgressError(
    wrong < 0
      ? `--github-token-file ${file} holds no token`
      : `--github-token-file ${file}: line ${wrong + 1} is no token`,
    "put one token on each line: 8 or more printable characters without blanks",
  );
}

async function readText(file: string): Promise<string> {
  try {
    if (file === "-") return await new Response(Deno.stdin.readable).text();
    return await Deno.readTextFile(file);
  } catch (error) {
    throw new EgressError(
      `cannot read --github-token-file ${file}: ${error instanceof Error ? error.message : error}`,
      "name a readable file that holds the job's token",
      { cause: error },
    );
  }
}

/** The host of a URL as requests name it; undefined if there is none. */
function hostOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).hostname || undefined : undefined;
}
