/**
 * runc's command line, as far as it matters here (runc(8), runc-create(8), runc-exec(8)).
 *
 * @module
 */

/** What runc is called for. */
export interface RuncCall {
  command: string;
  /** Folder with the state of containers. */
  root: string;
  /** Where runc's errors go as JSON lines. */
  log?: string;
  /** Of `create`, `run` and `restore`; absent: the current folder. */
  bundle?: string;
  /** Of `exec`: the process's file. */
  process?: string;
  pidFile?: string;
  id?: string;
}

/** Global options, and those of the commands above, that take a value in the next argument. */
const GLOBAL_VALUES = new Set(["root", "log", "log-format", "criu", "rootless"]);
const COMMAND_VALUES = new Set([
  ..."bundle b console-socket pid-file preserve-fds process p cwd env e user u".split(" "),
  ..."additional-gids g apparmor process-label cap c cgroup image-path work-path".split(" "),
  ..."manage-cgroups-mode lsm-profile lsm-mount-context".split(" "),
]);

/** Parses what follows `runc`. Never throws; options are taken as runc's own parser takes them. */
export function parseRuncArgs(args: readonly string[]): RuncCall {
  const before = readOptions(args, 0, GLOBAL_VALUES);
  const command = args[before.end] ?? "";
  const after = readOptions(args, before.end + 1, COMMAND_VALUES);
  const one = (options: Map<string, string>, ...names: string[]) =>
    names.map((name) => options.get(name)).find((value) => value !== undefined);
  const log = one(before.options, "log");
  const bundle = one(after.options, "bundle", "b");
  const process = one(after.options, "process", "p");
  const pidFile = one(after.options, "pid-file");
  const id = args[after.end];
  return {
    command,
    root: one(before.options, "root") ?? "/run/runc",
    ...(log !== undefined && log !== "" && { log }),
    ...(bundle !== undefined && { bundle }),
    ...(process !== undefined && { process }),
    ...(pidFile !== undefined && { pidFile }),
    ...(id !== undefined && { id }),
  };
}

/** Reads `-x V`, `--x V`, `--x=V` and `--x` up to the first argument that is none, or past `--`. */
function readOptions(
  args: readonly string[],
  start: number,
  values: ReadonlySet<string>,
): { options: Map<string, string>; end: number } {
  const options = new Map<string, string>();
  let at = start;
  for (; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--") return { options, end: at + 1 };
    if (!arg.startsWith("-") || arg === "-") break;
    const name = arg.replace(/^--?/, "");
    const equals = name.indexOf("=");
    if (equals >= 0) options.set(name.slice(0, equals), name.slice(equals + 1));
    else if (values.has(name) && at + 1 < args.length) options.set(name, args[++at]!);
    else options.set(name, "");
  }
  return { options, end: at };
}
