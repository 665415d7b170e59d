/**
 * One process of a step: its environment, what it prints and tells.
 *
 * @module
 */

import { commandOf } from "./commands.ts";
import { CommandFiles, type Told } from "./files.ts";
import { type Program, runProgram } from "./process.ts";
import type { JobState } from "./state.ts";

/** What a process told and how it ended. */
export interface Done extends Told {
  code: number;
}

/**
 * Runs one process for a step. Its environment: the worker's, the job's, the step's, then what the runner says.
 *
 * @param step GITHUB_ACTION
 * @param env the step's own variables
 * @param extra variables that this kind of process gets
 */
export async function runForStep(
  job: JobState,
  step: string,
  program: Omit<Program, "env">,
  env: Record<string, string>,
  extra: Record<string, string>,
): Promise<Done> {
  const files = new CommandFiles(job);
  const outputs: Record<string, string> = {};
  const state: Record<string, string> = {};
  const listener = new OutputListener(job, step, outputs, state);
  const environment = {
    ...job.base(step),
    ...job.env,
    ...env,
    ...fixed(job.base(step)),
    ...files.environment,
    ...extra,
    PATH: env.PATH ?? job.searchPath(),
  };
  let code: number;
  // What a cancelled job still runs is meant to run.
  const cancel = job.standing.cancelled ? new AbortController().signal : job.cancelled;
  try {
    code = await runProgram({ ...program, env: environment }, (l) => listener.line(l), cancel);
  } catch (error) {
    job.log.line(`##[error]${error instanceof Error ? error.message : String(error)}`);
    code = 127;
  }
  const told = files.take();
  return {
    code,
    outputs: { ...outputs, ...told.outputs },
    state: { ...state, ...told.state },
    summary: told.summary,
  };
}

/** GITHUB_* and RUNNER_* are the runner's: no step changes them for others. */
function fixed(base: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(base).filter(([name]) => /^(GITHUB|RUNNER)_/.test(name)),
  );
}

/** Reads a step's output. */
class OutputListener {
  #stopped: string | undefined;

  constructor(
    readonly job: JobState,
    readonly step: string,
    readonly outputs: Record<string, string>,
    readonly state: Record<string, string>,
  ) {}

  line(line: string): void {
    const { job } = this;
    const command = commandOf(line);
    if (this.#stopped !== undefined) {
      if (command?.name === this.#stopped) this.#stopped = undefined;
      else job.log.line(line);
      return;
    }
    if (command === undefined) return job.log.line(line);
    const { name, properties, text } = command;
    switch (name) {
      case "add-mask":
        return job.log.mask(text);
      case "stop-commands":
        this.#stopped = text;
        return;
      case "set-output":
        this.outputs[properties.name ?? ""] = text;
        return;
      case "save-state":
        this.state[properties.name ?? ""] = text;
        return;
      case "error":
      case "warning":
      case "notice":
        job.annotations.push({
          level: name,
          properties,
          text: job.log.hide(text),
          step: this.step,
        });
    }
    job.log.line(`##[${name}]${text}`);
  }
}
