/**
 * Finds an action and reads its `action.yml`.
 *
 * @module
 */

import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import { parse } from "yaml";
import type { StepSpec } from "./job.ts";

/** `action.yml`. */
export interface Manifest {
  name: string;
  inputs?: Record<string, { default?: string | number | boolean; required?: boolean } | null>;
  outputs?: Record<string, { value?: string }>;
  runs: {
    using: string;
    pre?: string;
    "pre-if"?: string;
    main?: string;
    post?: string;
    "post-if"?: string;
    steps?: StepSpec[];
    image?: string;
    args?: string[];
  };
}

/** An action that is on this machine. */
export interface Action {
  /** `OWNER/NAME`; nothing for one of the workspace, `./...`. */
  repository?: string;
  ref?: string;
  dir: string;
  manifest: Manifest;
}

/** Brings actions to where the runner keeps them. */
export class Actions {
  /**
   * @param source folder with `OWNER/NAME` each, in GitHub's place
   * @param folder where they go: `OWNER/NAME/REF`
   */
  constructor(readonly source: string, readonly folder: string, readonly workspace: string) {}

  /**
   * @param uses `OWNER/NAME[/PATH]@REF` or `./PATH`
   * @throws {Error} if there is no such action
   */
  find(uses: string): Action {
    if (uses.startsWith("./")) return read({ dir: `${this.workspace}/${uses}` });
    const match = /^([^/@]+\/[^/@]+)(\/[^@]+)?@(.+)$/.exec(uses);
    if (!match) throw new Error(`${uses}: no OWNER/NAME@REF`);
    const [, repository, path = "", ref] = match;
    const dir = `${this.folder}/${repository}/${ref}`;
    if (!existsSync(dir)) {
      const source = `${this.source}/${repository}`;
      if (!existsSync(source)) {
        throw new Error(`Unable to resolve action ${uses}, repository not found`);
      }
      mkdirSync(dirname(dir), { recursive: true });
      symlinkSync(source, dir);
    }
    return read({ repository: repository!, ref: ref!, dir: dir + path });
  }
}

function read(action: Omit<Action, "manifest">): Action {
  const path = `${action.dir}/action.yml`;
  if (!existsSync(path)) throw new Error(`Can't find 'action.yml' under '${action.dir}'`);
  return { ...action, manifest: parse(readFileSync(path, "utf8")) as Manifest };
}
