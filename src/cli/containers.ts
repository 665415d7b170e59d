/**
 * `egress containers`: puts the guard and the CA in front of runc, takes them away, and says how they stand.
 * `egress start` and `stop` do the same.
 *
 * @module
 */

import {
  DOCKER,
  type DockerPaths,
  type Exception,
  ExceptionSyntaxError,
  FOLDER,
  install,
  InstallError,
  type Mode,
  parseExceptions,
  remove,
  type Status,
  status,
} from "../containers/mod.ts";
import { Exit, type ParsedArgs, runCommand, UsageError } from "./args.ts";
import type { Io } from "./io.ts";

const HELP = `usage: egress containers install [OPTION...]
       egress containers remove | status [--json]

Puts a guard in front of runc, so that no container can become root of the machine, and gives every
container the CA of the run. Docker, BuildKit and containerd find it without a restart.

  --containers MODE      guard (default): refuse containers that could become root; off: refuse
                         none; deny: let no container start
  --allow TEXT           exceptions, one a line: "allow: privileged image=moby/buildkit:*"
  --no-container-certs   leave containers' certificates alone
  --ca FILE              the CA's certificate, PEM
  --place FOLDER         a further folder that no container may get (repeatable)
  --readable FOLDER      a folder below one of those that may be had read-only (repeatable)
  --runc FILE            runc, where it is not found by itself
  --docker-socket FILE   Docker's socket (${DOCKER.socket})
  --docker-pid FILE      the file with dockerd's process id (${DOCKER.pidFile})
  --folder FOLDER        where the wrapper keeps its files (${FOLDER})
`;

const OPTIONS = {
  containers: { type: "string" },
  allow: { type: "string", multiple: true },
  "no-container-certs": { type: "boolean" },
  ca: { type: "string" },
  place: { type: "string", multiple: true },
  readable: { type: "string", multiple: true },
  runc: { type: "string" },
  "docker-socket": { type: "string" },
  "docker-pid": { type: "string" },
  folder: { type: "string" },
  json: { type: "boolean" },
} as const;

type Parsed = ParsedArgs<typeof OPTIONS>;

/** Runs the command. @returns its exit status */
export function main(args: string[]): Promise<number> {
  return runCommand({ name: "containers", help: HELP, options: OPTIONS, run }, args);
}

async function run(parsed: Parsed, io: Io): Promise<number> {
  const { values, positionals: [verb, ...surplus] } = parsed;
  if (surplus.length > 0) throw new UsageError(`${surplus[0]} is too much`);
  const folder = values.folder ?? FOLDER;
  try {
    switch (verb) {
      case "install":
        return await put(parsed, folder, io);
      case "remove":
        return await take(parsed, folder, io);
      case "status":
        return show(await status(folder), values.json ?? false, io);
    }
  } catch (error) {
    if (!(error instanceof InstallError)) throw error;
    io.err(`egress containers: ${error.message}\n`);
    return 125;
  }
  throw new UsageError("say what to do: install, remove or status");
}

async function put({ values }: Parsed, folder: string, io: Io): Promise<number> {
  const certs = !values["no-container-certs"];
  const programs = io.env("EGRESS_BUNDLE");
  if (programs === undefined) {
    throw new UsageError("start it as ./egress, which brings the program");
  }
  const record = await install({
    folder,
    ...(values.runc !== undefined && { runc: values.runc }),
    programs,
    deno: Deno.execPath(),
    settings: {
      mode: modeOf(values.containers ?? "guard"),
      exceptions: exceptionsOf(values.allow ?? []),
      certs,
      places: values.place ?? [],
      readable: values.readable ?? [],
    },
    ...(certs && values.ca !== undefined && { ca: readCa(values.ca) }),
    docker: dockerOf(values),
  });
  io.out(`egress stands before ${record.target}; runc itself is ${record.real}\n`);
  return Exit.ok;
}

async function take({ values }: Parsed, folder: string, io: Io): Promise<number> {
  const removal = await remove(folder, values.runc, dockerOf(values));
  for (const note of removal.notes) io.err(`egress containers: ${note}\n`);
  io.out(removal.removed ? `${removal.target} is runc again\n` : "nothing was installed\n");
  return Exit.ok;
}

/** @returns 1 if what was installed is not in force any more */
function show(found: Status, json: boolean, io: Io): number {
  io.out(json ? `${JSON.stringify(found)}\n` : `${sentenceOf(found)}\n`);
  return found.state === "replaced" || found.copyGuard === "down" ? Exit.found : Exit.ok;
}

function sentenceOf(found: Status): string {
  switch (found.state) {
    case "none":
      return "no container is guarded: nothing is installed";
    case "replaced":
      return `containers are NOT guarded: ${found.target} was replaced; install again`;
    case "installed":
      return `egress stands before ${found.target} (${
        found.mode ?? "from before the last boot"
      }): ` +
        `${found.refused ?? 0} refused, ${found.warnings ?? 0} warnings` +
        (found.copyGuard === "down"
          ? "; the plugin for docker cp is gone and Docker refuses everything: install again"
          : "") +
        (found.upgraded ? "; runc was upgraded since, and the new one is used" : "");
  }
}

function dockerOf(values: Parsed["values"]): DockerPaths {
  return {
    socket: values["docker-socket"] ?? DOCKER.socket,
    pidFile: values["docker-pid"] ?? DOCKER.pidFile,
  };
}

function modeOf(text: string): Mode {
  if (text === "guard" || text === "off" || text === "deny") return text;
  throw new UsageError(`--containers is guard, off or deny, not ${text}`);
}

function exceptionsOf(texts: readonly string[]): Exception[] {
  try {
    return texts.flatMap(parseExceptions);
  } catch (error) {
    if (error instanceof ExceptionSyntaxError) throw new UsageError(error.message);
    throw error;
  }
}

function readCa(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new UsageError(`--ca ${path}: no such file`);
    throw error;
  }
}
