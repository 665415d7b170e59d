/**
 * Where a command's text goes. Commands never touch the console themselves, so that tests can read
 * what they say.
 *
 * @module
 */

/** A command's surroundings. */
export interface Io {
  /** Writes to standard output. */
  out(text: string): void;
  /** Writes to standard error. */
  err(text: string): void;
  /** Is standard error a terminal that wants progress? */
  progress: boolean;
  /** May standard output have colours? */
  colour: boolean;
  /** An environment variable, if it is set and may be read. */
  env(name: string): string | undefined;
}

/** Standard output and error of this process, and its environment as far as it may be read. */
export function processIo(): Io {
  return {
    out: (text) => writeAll(Deno.stdout, text),
    err: (text) => writeAll(Deno.stderr, text),
    progress: Deno.stderr.isTerminal(),
    colour: Deno.stdout.isTerminal() && !readEnv("NO_COLOR"),
    env: readEnv,
  };
}

function readEnv(name: string): string | undefined {
  // With read permission alone the tools still work; they then know nothing of the job they run in.
  const state = Deno.permissions.querySync({ name: "env", variable: name }).state;
  return state === "granted" ? Deno.env.get(name) : undefined;
}

const utf8 = new TextEncoder();

function writeAll(to: { writeSync(bytes: Uint8Array): number }, text: string) {
  let rest = utf8.encode(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(to.writeSync(rest));
    } catch (error) {
      // `egress ... | head`: the reader has seen enough, and nobody is left to be told.
      if (error instanceof Deno.errors.BrokenPipe) return;
      throw error;
    }
  }
}

/** Colours of a terminal; without colour every style is the text itself. */
export interface Styles {
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  bold(text: string): string;
  dim(text: string): string;
}

/** The styles for a command's output. */
export function stylesFor(io: Io): Styles {
  const style = (code: number) => (text: string) =>
    io.colour ? `\x1b[${code}m${text}\x1b[0m` : text;
  return { red: style(31), green: style(32), yellow: style(33), bold: style(1), dim: style(2) };
}

/**
 * Makes text from outside harmless for a terminal and a line: control characters (line ends too)
 * become `\xNN`.
 */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, (c) => {
    return `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
