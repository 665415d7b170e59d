/**
 * A job on a guarded machine: the runner's user with sudo, its worker, a stand-in for GitHub, and the bundled hooks
 * run as the runner runs them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { JobRunner } from "./job_runner.ts";
import type { MachineScene } from "./machine_suite.ts";
import { runnerTree } from "../runner/runner_tree.ts";
import { EGRESS } from "./run.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const FAKE_GITHUB = new URL("./fake_github.ts", import.meta.url).pathname;
const USER = 1001;
/** The runner's own Node, in the tree of the runner machine. */
const NODE = "root/home/runner/actions-runner/cached/externals/node24/bin/node";
/** Who the action is. */
export const REPOSITORY = "owner/egress";
/** The commit that the job runs for. */
export const SHA = "c0ffee0000000000000000000000000000000000";

/** A runtime token as the results service issues them. */
const TOKEN = `e30.${
  btoa(JSON.stringify({ scp: "Actions.ExampleScope Actions.Results:run-1:job-1" }))
}.e30`;

/** What a hook left. */
export interface HookEnd {
  code: number;
  output: string;
  /** Content of the files that GITHUB_* name. */
  files: { output: string; state: string; env: string; summary: string };
}

/** Makes the machine a runner's, but for the worker. */
async function furnish(s: MachineScene): Promise<void> {
  const { code, stderr } = await s.machine.sh(
    `
    set -e
    echo 'runner:x:1001:1001::/home/runner:/bin/bash' >> /etc/passwd
    echo 'runner:x:1001:' >> /etc/group
    echo 'runner:*:19000:0:99999:7:::' >> /etc/shadow
    mkdir -p /home/runner
    chown 1001:1001 /home/runner
    printf 'runner ALL=(ALL) NOPASSWD: ALL\\n' > /etc/sudoers.d/runner
    # The servers of the little internet are as good as any.
    cat "$1" >> /etc/ssl/certs/ca-certificates.crt
    mkdir -p "$2"
    chmod 755 "$2"`,
    s.internet.caFile,
    `${s.folder}/github/${SHA}`,
  );
  assert.equal(code, 0, stderr);
}

/** One job. */
export class Job implements AsyncDisposable {
  readonly #scene: MachineScene;
  readonly #runner: JobRunner;
  readonly #github: Deno.ChildProcess;
  readonly #env: Record<string, string>;
  #hooks = 0;

  private constructor(
    scene: MachineScene,
    runner: JobRunner,
    github: Deno.ChildProcess,
    port: number,
  ) {
    this.#scene = scene;
    this.#runner = runner;
    this.#github = github;
    const origin = `http://127.0.0.1:${port}`;
    this.#env = {
      HOME: "/home/runner",
      ImageOS: "ubuntu24",
      RUNNER_ENVIRONMENT: "github-hosted",
      GITHUB_ACTIONS: "true",
      GITHUB_REPOSITORY: "acme/project",
      GITHUB_SHA: SHA,
      GITHUB_JOB: "build",
      GITHUB_WORKFLOW_REF: "acme/project/ci.yml@refs/heads/main",
      GITHUB_WORKFLOW_SHA: SHA,
      GITHUB_API_URL: origin,
      GITHUB_SERVER_URL: origin,
      ACTIONS_RESULTS_URL: `${origin}/`,
      ACTIONS_RUNTIME_TOKEN: TOKEN,
    };
  }

  /** Furnishes the machine and starts the worker. */
  static async start(scene: MachineScene): Promise<Job> {
    await furnish(scene);
    const github = scene.machine.spawn(
      [Deno.execPath(), "run", "-A", FAKE_GITHUB, `${scene.folder}/github`, TOKEN],
    );
    const reader = github.stdout.getReader();
    const { value } = await reader.read();
    reader.releaseLock();
    const port = Number(new TextDecoder().decode(value));
    assert.ok(port > 0, "the stand-in for GitHub did not start");
    return new Job(scene, await JobRunner.start(scene.machine, USER), github, port);
  }

  /** Puts a file into the commit. */
  async commit(path: string, text: string): Promise<void> {
    await Deno.writeTextFile(`${this.#scene.folder}/github/${SHA}/${path}`, text);
  }

  /** Names of the artifacts that were uploaded. */
  async artifacts(): Promise<string[]> {
    const names: string[] = [];
    for await (const entry of Deno.readDir(`${this.#scene.folder}/github/artifacts`)) {
      names.push(`${this.#scene.folder}/github/artifacts/${entry.name}`);
    }
    return names.sort();
  }

  /** Runs a hook of setup/dist. @param extra INPUT_*, STATE_* and other variables */
  async hook(file: string, extra: Record<string, string> = {}): Promise<HookEnd> {
    const folder = `${this.#scene.folder}/hook${this.#hooks++}`;
    await Deno.mkdir(folder);
    await Deno.chmod(folder, 0o777);
    const path = (name: string) => `${folder}/${name}`;
    const { code, output } = await this.#runner.step({
      ...this.#env,
      GITHUB_ACTION: "__owner_egress",
      GITHUB_ACTION_REPOSITORY: REPOSITORY,
      GITHUB_OUTPUT: path("output"),
      GITHUB_STATE: path("state"),
      GITHUB_ENV: path("env"),
      GITHUB_STEP_SUMMARY: path("summary"),
      RUNNER_TEMP: folder,
      ...extra,
    }, `exec ${await runnerTree()}/${NODE} ${ROOT}setup/dist/${file}`);
    const read = (name: string) => Deno.readTextFile(path(name)).catch(() => ""); // not written
    const [written, state, env, summary] = await Promise.all(
      ["output", "state", "env", "summary"].map(read),
    );
    return {
      code,
      output,
      files: { output: written!, state: state!, env: env!, summary: summary! },
    };
  }

  /** Runs a `run:` step. @param id GITHUB_ACTION */
  step(id: string, script: string): Promise<{ code: number; output: string }> {
    return this.#runner.step({ ...this.#env, GITHUB_ACTION: id }, script);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#runner.close();
    // A test that failed leaves a guard that nobody but the job may end.
    await this.#scene.machine.sh(
      'if fuser -s /run/egress/*/lock; then fuser -s -k -KILL /run/egress/*/lock; "$1" stop; fi',
      EGRESS,
    );
    this.#github.kill("SIGKILL");
    const { stderr } = await this.#github.output();
    if (stderr.length > 0) console.error(new TextDecoder().decode(stderr));
  }
}

/** The values of a file that a hook wrote, as the runner reads them. */
export function values(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name, , value] of text.matchAll(/^(\S+?)<<(\S+)\n([\s\S]*?)\n\2$/gm)) {
    found[name!] = value!;
  }
  return found;
}

/** A hook's state as the runner hands it to the post hook. */
export function stateOf(hook: HookEnd): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values(hook.files.state)).map(([name, value]) => [`STATE_${name}`, value]),
  );
}
