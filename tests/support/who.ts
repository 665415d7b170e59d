/**
 * Letting a command say who it is, so that the log can be compared with it.
 *
 * @module
 */

/** Who a command was. */
export interface Who {
  pid: number;
  /** Its cgroup v2 path. */
  cgroup: string;
  /** The id of the run that it was in. */
  run: string;
  /** What it printed itself. */
  rest: string;
}

/** The command, with its process id and cgroup printed before it starts in the same process. */
export function introduced(command: string[]): string[] {
  const script = 'echo $$; sed -n "s/^0:://p" /proc/self/cgroup; exec "$@"';
  return ["sh", "-c", script, "sh", ...command];
}

/**
 * Reads what `introduced` printed.
 *
 * @throws {Error} When stdout does not begin with it.
 */
export function who(stdout: string): Who {
  const match = /^(\d+)\n(\S*egress-([0-9a-f]{8})\S*)\n([^]*)$/.exec(stdout);
  const [, pid, cgroup, run, rest] = match ?? [];
  if (pid === undefined || cgroup === undefined || run === undefined || rest === undefined) {
    throw new Error(`the command did not introduce itself: ${JSON.stringify(stdout)}`);
  }
  return { pid: Number(pid), cgroup, run, rest };
}
