/**
 * `egress start`: reads and validates what it was told, then guards the machine.
 *
 * @module
 */

import { ExceptionSyntaxError, parseExceptions } from "../containers/mod.ts";
import {
  RUNNER_CGROUP,
  RUNNER_FOLDER,
  RUNNER_READABLE,
  RUNNER_RULES,
  RUNNER_WORKER,
} from "../github/runner_defaults.ts";
import { validatePolicy } from "../policy/mod.ts";
import { EgressError, EXIT_EGRESS_FAILED } from "../supervisor/errors.ts";
import { guard } from "../supervisor/machine/guard.ts";
import type { ContainerSpec, GuardSpec } from "../supervisor/machine/guard_spec.ts";
import { InvalidPolicy } from "./policy_input.ts";
import { toSpec } from "./run.ts";
import { blindSpot } from "./run_tokens.ts";
import { parseStartArgs, type StartArgs, UsageError } from "./start_args.ts";

/** Shown by `egress start --help`. */
export const help = `egress start: guard the whole machine

  sudo egress start --policy FILE [options]

  --policy FILE, --policy-text TEXT, --audit, --log FILE, --log-key FILE, --repo OWNER/NAME,
  --upstream-ca FILE, --no-defaults, --log-queries, --package-security[=strict], --github-token-file FILE,
  --foreign-tokens deny|allow
                      as for egress run
  --allow-sudo        leave sudo to the runner user (default: taken away); its use is logged either way
  --containers MODE   guard (default when sudo is taken away): refuse containers that could become root of the
                      machine; off: refuse none; deny: let none start. See docs/containers.md
  --container-allow TEXT
                      exceptions, one a line: "allow: privileged image=moby/buildkit:*"
  --no-container-certs
                      leave containers' certificates alone
  --github-env FILE   append environment lines that lead later steps to the CA bundle
  --json              print the status as one JSON line when everything is ready
  --foreground        stay in the foreground (default: return when everything is ready)

Every process of this machine, in this network namespace, is confined, root's too; connections that are open
end. egress stop puts everything back.

Exit status: 0 guarded, 1 invalid policy, 2 wrong arguments, 125 egress itself failed: then nothing is left.
`;

/** Runs the command. @returns the exit status */
export async function main(args: string[]): Promise<number> {
  const say = (line: string) => console.error(line);
  if (args.includes("--help") || args.includes("-h")) {
    console.log(help.trimEnd());
    return 0;
  }
  try {
    return await guard(await toGuardSpec(parseStartArgs(args), say), say);
  } catch (error) {
    if (error instanceof UsageError) {
      say(`egress start: ${error.message}\nSee egress start --help.`);
      return 2;
    }
    if (!(error instanceof EgressError)) {
      say(`egress: a defect in egress: ${error instanceof Error ? error.stack : error}`);
      return EXIT_EGRESS_FAILED;
    }
    say(`egress: ${error.message}`);
    if (error.hint !== undefined) say(`egress: to fix it: ${error.hint}`);
    return error instanceof InvalidPolicy ? 1 : EXIT_EGRESS_FAILED;
  }
}

async function toGuardSpec(args: StartArgs, say: (line: string) => void): Promise<GuardSpec> {
  const spec = await toSpec(args.run, say);
  const { repository } = spec;
  // Where the launcher was, before it put this process into a scope of its own.
  const cgroup = spec.env["EGRESS_CALLER_CGROUP"] ?? "";
  const onRunner = cgroup === RUNNER_CGROUP || cgroup.startsWith(`${RUNNER_CGROUP}/`);
  return {
    ...spec,
    // Another policy may ask for tokens where this one does not.
    ...(spec.tokens && { tokens: { ...spec.tokens, everywhere: true } }),
    allowSudo: args.allowSudo,
    ...(args.githubEnv !== undefined && { githubEnv: args.githubEnv }),
    json: args.json,
    containers: toContainerSpec(args),
    runner: { exe: RUNNER_WORKER, cgroup: RUNNER_CGROUP },
    ...(onRunner && {
      runnerPolicy: {
        prelude: RUNNER_RULES,
        defaultAttrs: { cgroup: { text: RUNNER_CGROUP, literal: true } },
      },
    }),
    check: (policy) => problemsOf(policy, repository, args.run.foreignTokens === "deny"),
  };
}

function toContainerSpec(args: StartArgs): ContainerSpec {
  const mode = args.containers ?? (args.allowSudo ? "off" : "guard");
  if (mode !== "guard" && mode !== "off" && mode !== "deny") {
    throw new UsageError(`--containers is guard, off or deny, not ${mode}`);
  }
  try {
    args.containerAllow.forEach(parseExceptions);
  } catch (error) {
    if (!(error instanceof ExceptionSyntaxError)) throw error;
    throw new UsageError(error.message, { cause: error });
  }
  return {
    mode,
    allow: args.containerAllow,
    certs: args.containerCerts,
    places: [RUNNER_FOLDER],
    readable: RUNNER_READABLE,
  };
}

/** What keeps a policy from taking the place of the one in force. */
function problemsOf(
  policy: string,
  repository: string | undefined,
  denyForeign: boolean,
): string[] {
  const options = repository === undefined ? { placeholders: "keep" as const } : { repository };
  const errors = validatePolicy(policy, options)
    .filter((d) => d.severity === "error")
    .map((d) => `line ${d.line}, column ${d.column}: ${d.message}`);
  const blind = denyForeign ? blindSpot(policy, repository) : undefined;
  return blind === undefined ? errors : [...errors, blind];
}
