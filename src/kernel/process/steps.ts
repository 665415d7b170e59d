/**
 * Which step of a GitHub job a process belongs to: by birth, and by the environment that the runner's worker
 * gave the step's first process. What a process says of itself later changes nothing. No I/O.
 *
 * @module
 */

import type { EnvironPart } from "../bpf/environ_event.ts";

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
