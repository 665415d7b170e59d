/**
 * `runc exec`: capabilities and variables of a further process come from a file of its own.
 *
 * @module
 */

import { judgeExec } from "../judge.ts";
import { type JsonObject, objectOf, textOf, textsOf } from "../json.ts";
import type { Job } from "./job.ts";
import { addVariables } from "../trust.ts";
import { IN_BUNDLE, refuse, warn } from "./create.ts";
import { readJson, replaceJson } from "./json_file.ts";

/** Judges and rewrites the process file. @returns the answer to the shell part */
export function handleExec(job: Job): string {
  // Without a file it is root at a shell, not an engine: engines always write one.
  if (job.call.process === undefined) return "ok";
  const process = readJson(job.call.process);
  const container = job.settings.mode === "off" && !job.settings.certs ? {} : stateOf(job);
  const bundle = bundleOf(container);
  const image = textOf(readIfThere(bundle, IN_BUNDLE.judged).image) || undefined;
  const event = { container: job.call.id, image };
  const judgement = judgeExec(process, boundingOf(container), job.settings, image);
  if (judgement.refusal !== undefined) {
    return refuse(job, { ...event, privileges: judgement.privileges }, judgement.refusal);
  }
  const json = job.settings.certs ? withVariables(job, judgement.json, bundle) : judgement.json;
  if (json !== process) replaceJson(job.call.process, json);
  return "ok";
}

/** runc's own note of the container: `ROOT/ID/state.json`, `config` in it (libcontainer's). */
function stateOf(job: Job): JsonObject {
  return objectOf(readJson(`${job.call.root}/${job.call.id}/state.json`).config);
}

function bundleOf(container: JsonObject): string | undefined {
  return textsOf(container.labels).find((label) => label.startsWith("bundle="))?.slice(7);
}

function boundingOf(container: JsonObject): Set<string> | undefined {
  const { Bounding } = objectOf(container.capabilities);
  return Array.isArray(Bounding)
    ? new Set(textsOf(Bounding).map((name) => name.replace(/^CAP_/, "")))
    : undefined;
}

function withVariables(job: Job, process: JsonObject, bundle: string | undefined): JsonObject {
  try {
    const values = readIfThere(bundle, IN_BUNDLE.variables);
    const variables = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, textOf(value)]),
    );
    return Object.keys(variables).length === 0 ? process : addVariables(process, variables).json;
  } catch (error) {
    warn(job, { container: job.call.id }, `a command in it gets no CA: ${error}`);
    return process;
  }
}

/** A container that was made before the wrapper was there has none of its files. */
function readIfThere(bundle: string | undefined, name: string): JsonObject {
  if (bundle === undefined) return {};
  try {
    return readJson(`${bundle}/${name}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}
