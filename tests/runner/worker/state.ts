/**
 * What a job's steps share: folders, environment, contexts, log, and how the job stands.
 *
 * @module
 */

import { mkdirSync } from "node:fs";
import { randomUUID } from "node:crypto";
import type { Standing } from "./expressions.ts";
import type { Annotation, Context, JobMessage, JobSpec, StepResult, Value } from "./job.ts";
import { JobLog } from "./log.ts";
import { Actions } from "./manifest.ts";

/** Where a hosted runner keeps things. */
export const HOME = "/home/runner/actions-runner/cached";
const WORK = "/home/runner/work";

/** One job under way. */
export class JobState {
  readonly log: JobLog;
  readonly workspace: string;
  readonly temp = `${WORK}/_temp`;
  readonly actions: Actions;
  /** Variables of the job, and what steps added by GITHUB_ENV. */
  readonly env: Record<string, string> = {};
  /** Folders that steps put in front of PATH, the latest first. */
  readonly path: string[] = [];
  readonly outputs: Record<string, { outputs: Context; outcome: Value; conclusion: Value }> = {};
  readonly results: StepResult[] = [];
  readonly annotations: Annotation[] = [];
  readonly standing: Standing = { failed: false, cancelled: false };
  /** Known by it, what a job left running is ended with it. */
  readonly tracking = `github_${randomUUID()}`;
  readonly #cancel = new AbortController();

  constructor(readonly message: JobMessage, readonly spec: JobSpec) {
    this.log = new JobLog(`${message.output}/log.txt`);
    const name = message.github.repository!.split("/")[1]!;
    this.workspace = `${WORK}/${name}/${name}`;
    this.actions = new Actions(message.actions, `${WORK}/_actions`, this.workspace);
    for (const dir of [this.workspace, `${this.temp}/_runner_file_commands`]) {
      mkdirSync(dir, { recursive: true });
    }
    for (const secret of Object.values(message.secrets)) this.log.mask(secret);
    if (message.github.token) this.log.mask(message.github.token);
  }

  /** Fires when the job is cancelled. */
  get cancelled(): AbortSignal {
    return this.#cancel.signal;
  }

  cancel(): void {
    this.standing.cancelled = true;
    this.#cancel.abort();
  }

  /** The contexts of expressions. */
  context(env: Record<string, string>, more: Context = {}): Context {
    return {
      github: { ...this.message.github, workspace: this.workspace },
      secrets: { ...this.message.secrets, GITHUB_TOKEN: this.message.github.token ?? "" },
      runner: { temp: this.temp, os: "Linux", arch: "X64", environment: "github-hosted" },
      env,
      steps: this.outputs,
      ...more,
    };
  }

  /** What every step finds in its environment. */
  base(step: string): Record<string, string> {
    const github = Object.entries(this.message.github).filter(([name]) => name !== "token");
    return {
      ...own(),
      ...Object.fromEntries(github.map(([name, value]) => [`GITHUB_${name.toUpperCase()}`, value])),
      GITHUB_ACTIONS: "true",
      CI: "true",
      GITHUB_WORKSPACE: this.workspace,
      GITHUB_JOB: this.message.job,
      GITHUB_ACTION: step,
      RUNNER_TEMP: this.temp,
      RUNNER_TOOL_CACHE: "/opt/hostedtoolcache",
      RUNNER_OS: "Linux",
      RUNNER_ARCH: "X64",
      RUNNER_NAME: "GitHub Actions 1",
      RUNNER_ENVIRONMENT: "github-hosted",
      RUNNER_WORKSPACE: this.workspace.slice(0, this.workspace.lastIndexOf("/")),
      RUNNER_TRACKING_ID: this.tracking,
    };
  }

  /** PATH with what steps put in front. */
  searchPath(): string {
    return [...this.path, process.env.PATH ?? ""].join(":");
  }
}

/** The worker's own environment. */
function own(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]]
    ),
  );
}
