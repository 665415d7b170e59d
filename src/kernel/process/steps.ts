/**
 * Which step of a GitHub job a process belongs to: by birth, and by the environment that the runner's worker
 * gave the step's first process. What a process says of itself later changes nothing. No I/O.
 *
 * @module
 */

import { normalize } from "node:path/posix";
import type { EnvironPart } from "../bpf/environ_event.ts";
import type { Image } from "../bpf/process_event.ts";

/** A step's names, as the worker gave them; absent ones were not given. */
export interface Step {
  /** GITHUB_ACTION. */
  step?: string;
  /** GITHUB_ACTION_REPOSITORY: set for JavaScript actions alone. */
  action?: string;
}

const text = new TextDecoder();
/** Processes whose parts are incomplete, at most. */
const LIMIT = 64;

/**
 * Reads a step's names from an environment (environ(7): `NAME=VALUE`, each ended by a NUL).
 *
 * A name that stands there twice with different values is not known.
 */
export function stepOf(environ: Uint8Array): Step {
  const entries = text.decode(environ).split("\0");
  const step = onlyValue(entries, "GITHUB_ACTION");
  const action = onlyValue(entries, "GITHUB_ACTION_REPOSITORY");
  return { ...(step && { step }), ...(action && { action }) };
}

/**
 * The step with its action only if this is how the worker starts a JavaScript action: its own Node with a script of
 * the action's folder.
 *
 * The worker sets GITHUB_ACTION_REPOSITORY for these alone. In any other step it may have come from a workflow's `env`, or
 * from what an earlier step wrote into GITHUB_ENV (the runner keeps only NODE_OPTIONS out of that), and speaks for nobody.
 * A shell that GITHUB_PATH leads to Node gets flags or a script of the runner's temporary folder, never such an argument.
 *
 * @param workerExe path of the worker's executable, `BASE/bin/Runner.Worker`
 */
export function withProvenAction(step: Step, image: Image | undefined, workerExe: string): Step {
  if (step.action === undefined) return step;
  const base = workerExe.slice(0, workerExe.lastIndexOf("/bin/"));
  const node = image?.exe.startsWith(`${base}/externals/`) && image.exe.endsWith("/bin/node");
  // An action of a subfolder names its script through the folder above.
  const script = normalize(image?.cmdline[1] ?? "");
  const own = script.startsWith("/") && script.includes(`/_actions/${step.action}/`);
  if (node && own) return step;
  const { action: _claimed, ...rest } = step;
  return rest;
}

function onlyValue(entries: string[], name: string): string | undefined {
  const values = new Set(
    entries.filter((e) => e.startsWith(`${name}=`)).map((e) => e.slice(name.length + 1)),
  );
  return values.size === 1 ? [...values][0] : undefined;
}

/** Puts the parts of environments together. */
export class EnvironParts {
  readonly #waiting = new Map<string, Uint8Array[]>();

  /** @returns the step's names when this was the last part; empty if a part was missing or unreadable */
  take(part: EnvironPart): Step | undefined {
    const key = `${part.pid}:${part.start}`;
    const parts = part.index === 0 ? [] : this.#waiting.get(key);
    const fits = parts?.length === part.index && !part.broken;
    if (fits) parts.push(part.text);
    if (part.last || !fits) this.#waiting.delete(key);
    if (part.last) return fits ? stepOf(join(parts)) : {};
    if (fits) this.#remember(key, parts);
    return undefined;
  }

  #remember(key: string, parts: Uint8Array[]): void {
    // One that was too long never gets its last part.
    if (this.#waiting.size >= LIMIT) this.#waiting.delete(this.#waiting.keys().next().value!);
    this.#waiting.set(key, parts);
  }
}

function join(parts: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
