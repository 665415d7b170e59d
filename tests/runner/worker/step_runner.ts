/**
 * Runs steps: scripts, JavaScript and composite actions, and `docker://`.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { containerCommand } from "./containers.ts";
import { expand, holds } from "./expressions.ts";
import type { Context, Outcome, StepSpec } from "./job.ts";
import type { Action } from "./manifest.ts";
import { HOME, type JobState } from "./state.ts";
import { type Done, runForStep } from "./step.ts";

/** A step of the job; its state is shared by pre, main and post. */
export interface JobStep {
  spec: StepSpec;
  /** GITHUB_ACTION. */
  name: string;
  action?: Action;
  state: Record<string, string>;
}

/** What a step is run in: the job's own, or a composite action's. */
export interface Around {
  env: Record<string, string>;
  context: Context;
  /** A composite action's folder. */
  actionPath?: string;
}

const NOTHING: Done = { code: 0, outputs: {}, state: {}, summary: "" };

/** Runs the steps of one job. */
export class StepRunner {
  /** What is to be run after the job's steps, the latest first. */
  readonly posts: JobStep[] = [];

  constructor(readonly job: JobState) {}

  /** Runs a hook of an action's. */
  async hook(step: JobStep, stage: "pre" | "post", around: Around): Promise<void> {
    const { runs } = step.action!.manifest;
    const script = runs[stage];
    if (script === undefined || !this.#may(runs[`${stage}-if`] ?? "always()", around)) return;
    this.job.log.line(`##[group]${stage} ${step.name}`);
    if (stage === "pre") this.#registerPost(step);
    const done = await this.#javascript(step, script, this.#variables(step.spec, around), around);
    this.#conclude(step, stage, done);
  }

  /** Runs the step itself, if its condition lets it. */
  async main(step: JobStep, around: Around): Promise<void> {
    const own = { ...around, env: this.#variables(step.spec, around) };
    const context = this.job.context(own.env, own.context);
    if (!holds(step.spec.if, context, this.job.standing)) {
      return this.#conclude(step, "main", NOTHING, "skipped");
    }
    this.job.log.line(`##[group]Run ${step.spec.name ?? step.spec.uses ?? step.spec.run ?? ""}`);
    this.#conclude(step, "main", await this.#body(step, own));
  }

  #may(condition: string | undefined, around: Around): boolean {
    return holds(condition, this.job.context(around.env, around.context), this.job.standing);
  }

  #registerPost(step: JobStep): void {
    if (step.action?.manifest.runs.post === undefined || this.posts.includes(step)) return;
    this.posts.unshift(step);
  }

  #conclude(step: JobStep, stage: "pre" | "main" | "post", done: Done, said?: Outcome): void {
    const { job } = this;
    const bad = job.standing.cancelled && stage === "main" ? "cancelled" : "failure";
    const outcome = said ?? (done.code === 0 ? "success" : bad);
    if (outcome === "failure") {
      job.log.line(`##[error]Process completed with exit code ${done.code}.`);
      if (!step.spec["continue-on-error"]) job.standing.failed = true;
    }
    Object.assign(step.state, done.state);
    const name = step.spec.name ?? step.spec.uses ?? step.spec.run ?? step.name;
    const { outputs, summary } = done;
    job.results.push({ step: step.name, stage, name, outcome, outputs, summary });
    if (stage === "main" && step.spec.id !== undefined) {
      const conclusion = step.spec["continue-on-error"] ? "success" : outcome;
      job.outputs[step.spec.id] = { outputs, outcome, conclusion };
    }
  }

  async #body(step: JobStep, around: Around): Promise<Done> {
    const { spec } = step;
    if (spec.run !== undefined) return await this.#script(step, spec.run, around);
    if (spec.uses?.startsWith("docker://")) return await this.#container(step, around);
    const { runs } = step.action!.manifest;
    if (runs.using === "composite") return await this.#composite(step, around);
    this.#registerPost(step);
    return await this.#javascript(step, runs.main!, around.env, around);
  }

  async #script(step: JobStep, run: string, around: Around): Promise<Done> {
    const { job } = this;
    const text = expand(run, job.context(around.env, around.context), job.standing);
    const path = `${job.temp}/${randomUUID()}.sh`;
    writeFileSync(path, text);
    const shells: Record<string, [string, string[]]> = {
      default: ["/usr/bin/bash", ["-e"]],
      bash: ["/usr/bin/bash", ["--noprofile", "--norc", "-e", "-o", "pipefail"]],
      sh: ["/usr/bin/sh", ["-e"]],
      python: ["/usr/bin/python3", []],
    };
    const [file, args] = shells[step.spec.shell ?? "default"] ?? ownShell(step.spec.shell!);
    const folder = step.spec["working-directory"];
    const cwd = folder === undefined ? job.workspace : `${job.workspace}/${folder}`;
    const extra: Record<string, string> = around.actionPath === undefined
      ? {}
      : { GITHUB_ACTION_PATH: around.actionPath };
    return await runForStep(
      job,
      step.name,
      { file, args: [...args, path], cwd },
      around.env,
      extra,
    );
  }

  async #javascript(
    step: JobStep,
    script: string,
    env: Record<string, string>,
    around: Around,
  ): Promise<Done> {
    const { job } = this;
    const { dir, repository, ref, manifest } = step.action!;
    const program = {
      file: `${HOME}/externals/${manifest.runs.using}/bin/node`,
      args: [`${dir}/${script}`],
      cwd: job.workspace,
    };
    const state = Object.entries(step.state).map(([name, value]) => [`STATE_${name}`, value]);
    return await runForStep(job, step.name, program, env, {
      ...job.message.runtime,
      ...inputVariables(this.#inputs(step, { ...around, env })),
      ...Object.fromEntries(state),
      ...(repository !== undefined && { GITHUB_ACTION_REPOSITORY: repository }),
      ...(ref !== undefined && { GITHUB_ACTION_REF: ref }),
    });
  }

  async #container(step: JobStep, around: Around): Promise<Done> {
    const { job } = this;
    const inputs = this.#inputs(step, around);
    const extra = { ...job.message.runtime, ...inputVariables(inputs) };
    const names = Object.keys({ ...job.base(step.name), ...job.env, ...around.env, ...extra })
      .filter((name) => !["PATH", "HOME"].includes(name));
    const args = containerCommand(job, step.spec.uses!.slice("docker://".length), names, inputs);
    const program = { file: "/usr/bin/docker", args, cwd: job.workspace };
    return await runForStep(job, step.name, program, around.env, extra);
  }

  /** Its steps run under the name of the step that uses it; the first failure ends it. */
  async #composite(step: JobStep, around: Around): Promise<Done> {
    const { job } = this;
    const { dir, manifest } = step.action!;
    const before = { ...job.outputs };
    const context = { ...around.context, inputs: this.#inputs(step, around) };
    const failed = job.standing.failed;
    let code = 0;
    for (const spec of manifest.runs.steps ?? []) {
      const action = spec.uses === undefined || spec.uses.startsWith("docker://")
        ? undefined
        : job.actions.find(spec.uses);
      const inner: JobStep = { spec, name: step.name, state: {}, ...(action && { action }) };
      await this.main(inner, { env: around.env, context, actionPath: dir });
      if (job.results.at(-1)!.outcome === "failure" && !spec["continue-on-error"]) code = 1;
    }
    // Whether the job fails for it is said by the step's own end.
    job.standing.failed = failed;
    const values = job.context(around.env, context);
    const outputs = Object.entries(manifest.outputs ?? {}).map((
      [name, { value = "" }],
    ) => [name, expand(value, values, job.standing)]);
    for (const id of Object.keys(job.outputs)) if (!(id in before)) delete job.outputs[id];
    return { ...NOTHING, code, outputs: Object.fromEntries(outputs) };
  }

  #variables(spec: StepSpec, around: Around): Record<string, string> {
    const context = this.job.context({ ...this.job.env, ...around.env }, around.context);
    const own = Object.entries(spec.env ?? {}).map((
      [name, value],
    ) => [name, expand(String(value), context, this.job.standing)]);
    return { ...around.env, ...Object.fromEntries(own) };
  }

  #inputs(step: JobStep, around: Around): Record<string, string> {
    const context = this.job.context({ ...this.job.env, ...around.env }, around.context);
    const defaults = Object.entries(step.action?.manifest.inputs ?? {})
      .map(([name, input]) => [name, input?.default ?? ""]);
    const all = { ...Object.fromEntries(defaults), ...step.spec.with };
    return Object.fromEntries(
      Object.entries(all).map((
        [name, value],
      ) => [name, expand(String(value), context, this.job.standing)]),
    );
  }
}

/** `PROGRAM ARGUMENT... {0}`. */
function ownShell(shell: string): [string, string[]] {
  const [file = "", ...args] = shell.split(/\s+/);
  return [file, args.filter((arg) => arg !== "{0}")];
}

function inputVariables(inputs: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).map((
      [name, value],
    ) => [`INPUT_${name.replaceAll(" ", "_").toUpperCase()}`, value]),
  );
}
