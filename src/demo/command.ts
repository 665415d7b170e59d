/**
 * Running the small tools (`ip`, `openssl`, `git`) that the demo's internet is made with.
 *
 * @module
 */

/** A tool that is missing or that ended with another status than 0. */
export class ToolError extends Error {
  override name = "ToolError";
  /**
   * @param tool The program and its arguments.
   * @param status Its exit status; 127 if it could not be started.
   * @param output What it wrote on stderr, or why it could not be started.
   */
  constructor(readonly tool: string[], readonly status: number, readonly output: string) {
    super(`${tool.join(" ")}: ended with ${status}: ${output.trim() || "(no message)"}`);
  }
}

/** How a tool is run. */
export interface ToolOptions {
  /** Text for its stdin; absent: empty. */
  input?: string;
  /** Variables added to the environment. */
  env?: Record<string, string>;
  /** Its working folder. */
  cwd?: string;
}

/**
 * Runs a tool to its end.
 *
 * @returns What it wrote on stdout.
 * @throws {ToolError} When it cannot be started or fails.
 */
export async function tool(command: string[], options: ToolOptions = {}): Promise<string> {
  const [file, ...args] = command;
  if (file === undefined) throw new TypeError("an empty command");
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(file, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      ...(options.env && { env: options.env }),
      ...(options.cwd !== undefined && { cwd: options.cwd }),
    }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new ToolError(command, 127, `${file} is not installed`);
  }
  const writer = child.stdin.getWriter();
  const fed = feed(writer, options.input ?? "");
  const { code, stdout, stderr } = await child.output();
  await fed;
  if (code !== 0) throw new ToolError(command, code, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Writes a program's whole input. */
export async function feed(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  text: string,
): Promise<void> {
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch (error) {
    // A tool may end without reading its input; its exit status tells the rest.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
