/**
 * The files that a step tells the runner things by: one set for each process.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { pairsOf } from "./commands.ts";
import type { JobState } from "./state.ts";

const KINDS = ["env", "path", "output", "state", "step_summary"] as const;

/** What a step told. */
export interface Told {
  outputs: Record<string, string>;
  state: Record<string, string>;
  summary: string;
}

/** One set. */
export class CommandFiles {
  readonly #paths: Record<(typeof KINDS)[number], string>;

  constructor(private readonly job: JobState) {
    const id = randomUUID();
    const paths = KINDS.map((kind) => {
      const path = `${job.temp}/_runner_file_commands/${kind}_${id}`;
      writeFileSync(path, "");
      return [kind, path] as const;
    });
    this.#paths = Object.fromEntries(paths) as Record<(typeof KINDS)[number], string>;
  }

  /** The variables that name them. */
  get environment(): Record<string, string> {
    return Object.fromEntries(
      KINDS.map((kind) => [`GITHUB_${kind.toUpperCase()}`, this.#paths[kind]]),
    );
  }

  /** Applies what is for all later steps, and removes the files. @returns what is for this step */
  take(): Told {
    const text = (kind: (typeof KINDS)[number]) => readFileSync(this.#paths[kind], "utf8");
    Object.assign(this.job.env, pairsOf(text("env")));
    this.job.path.unshift(...text("path").split("\n").filter((line) => line !== "").reverse());
    const told = {
      outputs: pairsOf(text("output")),
      state: pairsOf(text("state")),
      summary: this.job.log.hide(text("step_summary")),
    };
    for (const path of Object.values(this.#paths)) rmSync(path);
    return told;
  }
}
