/**
 * Surroundings for tests of commands.
 *
 * @module
 */

import type { Io } from "./io.ts";

/** What a command said and how it ended. */
export interface Outcome {
  status: number;
  out: string;
  err: string;
}

/** Runs a command's `main` and keeps what it says. */
export async function outcomeOf(
  main: (args: string[], io: Io) => Promise<number>,
  args: string[],
  surroundings: { env?: Record<string, string>; colour?: boolean; progress?: boolean } = {},
): Promise<Outcome> {
  const outcome: Outcome = { status: -1, out: "", err: "" };
  outcome.status = await main(args, {
    out: (text) => void (outcome.out += text),
    err: (text) => void (outcome.err += text),
    progress: surroundings.progress ?? false,
    colour: surroundings.colour ?? false,
    env: (name) => surroundings.env?.[name],
  });
  return outcome;
}

/** A temporary folder with files in it; removed when disposed. */
export class Files implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "egress-test-" });

  /** Writes a file. @returns its path */
  write(name: string, content: string | Uint8Array): string {
    const path = `${this.path}/${name}`;
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    Deno.writeFileSync(path, bytes);
    return path;
  }

  /** Removes the folder. */
  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
