/**
 * The pre hook: starts the guard before the job's first step. If that fails, the job does.
 *
 * @module
 */

import { arch, env, platform } from "node:process";
import { asRoot } from "./as_root.ts";
import { formatMask } from "./commands.ts";
import { HookError } from "./errors.ts";
import { provideExecutable } from "./executable.ts";
import { statusLine } from "./guard_status.ts";
import { annotate, runHook, say } from "./hook.ts";
import { type Inputs, parseInputs } from "./inputs.ts";
import { unreachable } from "./place.ts";
import { unsupported } from "./platform.ts";
import { readPolicy } from "./policy.ts";
import { tell } from "./runner_files.ts";
import { startGuard } from "./start.ts";

/** Longest self-test, ms: it takes some 20 s on a quiet machine. */
const SELF_TEST_PATIENCE = 300_000;

await runHook(async () => {
  const inputs = readInputs();
  requirePlatform(inputs.allowUnsupported);
  const why = unreachable(env["GITHUB_ACTION_REPOSITORY"] ?? "", inputs.allowSudo);
  if (why !== undefined) throw new HookError(why);
  const [executable, policy] = await Promise.all([
    provideExecutable(env),
    readPolicy(inputs.policy, env, inputs.githubToken),
  ]);
  if (inputs.selfTest) await selfTest(executable);
  const { status, environment } = await startGuard(executable, policy, inputs, env);
  // The post hook asks the guard itself; these are for when there is none any more to ask.
  tell("GITHUB_STATE", { started: status.id, ...(status.log && { log: status.log }) });
  tell("GITHUB_ENV", environment);
  say(statusLine(status));
});

function readInputs(): Inputs {
  const parsed = parseInputs(env);
  if ("inputs" in parsed) {
    if (parsed.inputs.githubToken !== "") console.log(formatMask(parsed.inputs.githubToken));
    return parsed.inputs;
  }
  throw new HookError(
    "the inputs are not valid",
    parsed.problems.map(({ input, message }) => ({
      level: "error",
      title: `egress input: ${input}`,
      message,
    })),
  );
}

function requirePlatform(allowUnsupported: boolean): void {
  const wrong = unsupported({ os: platform, arch, env });
  if (wrong.length === 0) return;
  const message = `egress is made for GitHub-hosted Ubuntu 24.04 x64 runners; ${wrong.join("; ")}`;
  if (!allowUnsupported) {
    throw new HookError(`${message}. To try nevertheless: \`allow-unsupported: true\`.`);
  }
  annotate([{ level: "warning", title: "egress", message }]);
}

async function selfTest(executable: string): Promise<void> {
  const { code } = await asRoot('exec "$1" doctor --attack', {
    args: [executable],
    timeout: SELF_TEST_PATIENCE,
    onLine: say,
  });
  if (code === 0) return say("egress: the self-test found no way past the guard");
  throw new HookError(`the self-test failed (exit status ${code}): nothing was started`);
}
