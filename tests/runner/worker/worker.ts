/**
 * Stands for Runner.Worker: does one job as the real one does, and writes what came of it.
 *
 * Argument: the path of the job's message. SIGINT cancels the job.
 *
 * @module
 */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { parse } from "yaml";
import { Services } from "./containers.ts";
import type { JobMessage, JobResult, JobSpec, StepSpec } from "./job.ts";
import { JobState } from "./state.ts";
import { type Around, type JobStep, StepRunner } from "./step_runner.ts";
import { expand } from "./expressions.ts";

/** The names of steps: their ids, or made of what they run, numbered when it comes again. */
function named(specs: StepSpec[]): { spec: StepSpec; name: string }[] {
  const seen = new Map<string, number>();
  return specs.map((spec) => {
    if (spec.id !== undefined) return { spec, name: spec.id };
    const what = spec.uses?.replace(/@.*$/, "").replace(/^docker:\/\//, "");
    const stem = `__${what === undefined ? "run" : what.replace(/\W+/g, "_").replace(/^_/, "")}`;
    const times = (seen.get(stem) ?? 0) + 1;
    seen.set(stem, times);
    return { spec, name: times === 1 ? stem : `${stem}_${times}` };
  });
}

/** Ends what the job's steps left running: known by a variable that they were given. */
function endOrphans(job: JobState): void {
  for (const pid of readdirSync("/proc").map(Number).filter(Number.isInteger)) {
    if (pid === process.pid) continue;
    let environ: string;
    try {
      environ = readFileSync(`/proc/${pid}/environ`, "latin1");
    } catch {
      // Another user's, or gone: the runner leaves those alone too.
      continue;
    }
    if (!environ.split("\0").includes(`RUNNER_TRACKING_ID=${job.tracking}`)) continue;
    job.log.line(`Terminate orphan process: pid (${pid})`);
    process.kill(pid, "SIGKILL");
  }
}

/** Finds every action before anything runs, as the runner downloads them. */
function prepare(job: JobState): JobStep[] {
  return named(job.spec.steps).map(({ spec, name }) => {
    const remote = spec.uses !== undefined && !/^(docker:\/\/|\.\/)/.test(spec.uses);
    const action = remote ? job.actions.find(spec.uses!) : undefined;
    return { spec, name, state: {}, ...(action && { action }) };
  });
}

/** A workspace's own action is there only after an earlier step brought it. */
function found(job: JobState, step: JobStep): JobStep {
  if (step.action === undefined && step.spec.uses?.startsWith("./")) {
    step.action = job.actions.find(step.spec.uses);
  }
  return step;
}

async function doJob(job: JobState): Promise<void> {
  const context = job.context({});
  for (const [name, value] of Object.entries(job.spec.env ?? {})) {
    job.env[name] = expand(String(value), context, job.standing);
  }
  const around: Around = { env: {}, context: {} };
  const steps = prepare(job);
  const services = job.spec.services === undefined ? undefined : new Services(job);
  const runner = new StepRunner(job);
  if (services) await services.start(job.spec.services!);
  for (const step of steps) if (step.action) await runner.hook(step, "pre", around);
  for (const step of steps) await runner.main(found(job, step), around);
  while (runner.posts.length > 0) await runner.hook(runner.posts.shift()!, "post", around);
  if (services) await services.stop();
}

const message = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as JobMessage;
const workflow = parse(readFileSync(message.workflow, "utf8")) as { jobs: Record<string, JobSpec> };
const job = new JobState(message, workflow.jobs[message.job]!);
process.on("SIGINT", () => job.cancel());
try {
  await doJob(job);
} catch (error) {
  job.log.line(`##[error]${error instanceof Error ? error.message : String(error)}`);
  job.standing.failed = true;
}
endOrphans(job);
const { cancelled, failed } = job.standing;
const result: JobResult = {
  conclusion: cancelled ? "cancelled" : failed ? "failure" : "success",
  steps: job.results,
  annotations: job.annotations,
};
writeFileSync(`${message.output}/result.json`, JSON.stringify(result, null, 2));
