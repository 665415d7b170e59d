/**
 * What a job is made of: the message that the listener hands to the worker, and what comes of it.
 *
 * @module
 */

/** A value of an expression's context. */
export type Value = string | number | boolean | null | Value[] | { [key: string]: Value };

/** Named values. */
export type Context = Record<string, Value>;

/** One job to do. */
export interface JobMessage {
  /** Path of the workflow file. */
  workflow: string;
  /** Name of the job in it. */
  job: string;
  /** The `github` context: repository, token, event_name, ... */
  github: Record<string, string>;
  secrets: Record<string, string>;
  /** Variables that JavaScript and container actions get, and run steps do not. */
  runtime: Record<string, string>;
  /** Folder of the actions that can be had, `OWNER/NAME` each. */
  actions: string;
  /** What goes into the files below it: the log, and the result. */
  output: string;
}

/** A step as the workflow or a composite action has it. */
export interface StepSpec {
  id?: string;
  name?: string;
  if?: string | boolean;
  uses?: string;
  run?: string;
  with?: Record<string, string | number | boolean>;
  env?: Record<string, string | number | boolean>;
  shell?: string;
  "working-directory"?: string;
  "continue-on-error"?: boolean;
}

/** A service container. */
export interface ServiceSpec {
  image: string;
  env?: Record<string, string | number>;
  ports?: (string | number)[];
  options?: string;
}

/** A job as the workflow has it. */
export interface JobSpec {
  env?: Record<string, string | number | boolean>;
  services?: Record<string, ServiceSpec>;
  steps: StepSpec[];
}

/** How a step ended. */
export type Outcome = "success" | "failure" | "cancelled" | "skipped";

/** What is known of a step that has ended, in the order of their ends. */
export interface StepResult {
  /** GITHUB_ACTION. */
  step: string;
  stage: "pre" | "main" | "post";
  name: string;
  outcome: Outcome;
  outputs: Record<string, string>;
  /** What it wrote into GITHUB_STEP_SUMMARY. */
  summary: string;
}

/** `::error file=...::text` and its like. */
export interface Annotation {
  level: "error" | "warning" | "notice";
  properties: Record<string, string>;
  text: string;
  step: string;
}

/** What came of a job. */
export interface JobResult {
  conclusion: Exclude<Outcome, "skipped">;
  steps: StepResult[];
  annotations: Annotation[];
}
